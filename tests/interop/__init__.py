"""Software that is not ours, both ways: it verifies what the gateway's code signs, and its signatures are verified here.

What the other side lets through and we refuse is tested too, so that a difference is known before a carrier asks.
"""

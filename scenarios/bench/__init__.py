"""The benchmark: what the gateway costs and what it survives, measured on the machine it runs on.

Nouns: a *row* measures one thing with a gateway of its own and yields *figures*; a figure stands beside the *bound* asked
of it. *Traffic* is SIPp on both sides of the gateway. Figures inform: one that misses its bound fails nothing.
"""

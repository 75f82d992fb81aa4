"""The demonstration: a lab gateway, real SIP calls of different kinds through it, and what became of each.

    python -m scenarios.demo          in the root of the project; `make demo` sets up first

Every Identity header that reaches a carrier is judged by verifiers that share no code with the gateway.
"""

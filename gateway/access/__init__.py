"""Who may do what over HTTP: permissions, users, tokens, sessions, and the rules by which somebody is let in.

What is stored lies in `gateway.store`; how it looks over HTTP is `gateway.api`'s. Time and chance are arguments here.
"""

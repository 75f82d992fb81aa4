"""Who may call, what they own and where calls go: an operator's rules as immutable values.

Nothing in this package does I/O. `snapshot` compiles what an operator wrote into the tables the engine
looks things up in; the other modules each know one noun of VOS3000: peers, accounts, number sections, routes;
`inbound` knows what becomes of calls from carriers and how a softswitch hears of it.
"""

"""Door 3: the engine inside Kamailio.

    native route (deploy/kamailio/kamailio.cfg)   screens, keeps transactions and dialogs, routes, fails over
        | python_exec, for initial INVITEs alone
    door       what Kamailio calls: each of its SIP processes decides by itself, from memory
        | a datagram a call
    clerk      one more process of Kamailio's: counts, records, and waits for certificates

A SIP process never waits: what it needs is in its memory or on the `board`, which the clerk alone writes. A call whose
certificate has to be fetched is suspended; the clerk fetches, decides, and has Kamailio go on with it.
"""

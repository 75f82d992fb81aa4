"""Door 3 beside Kamailio's own secsipid module: what does a signed, and a verified, call cost?

Two Kamailios that differ in one line relay the same calls: same route, same number of processes, same SIPp, in turns. Ours
decides with the largest policy there is (`scenarios.bench.full_policy`), counts, and records; the peer signs, or verifies,
and nothing else. Processor time is that of all processes of a Kamailio, ours with its clerk.
"""

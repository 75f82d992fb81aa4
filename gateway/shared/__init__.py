"""What nodes share while calls run, through one Redis. No call waits for it: every node counts by itself, tells the others
what it counts, and goes by what it has heard of them.

A node's *figures* (calls at once, money) are whole and numbered, so what is lost on the way is made good by the next; its
*incidents* (what the dynamic black list counts) are counted by every node that hears of them. Tokens seen and certificates
fetched lie in Redis itself, behind the memory of each process.

    messages        what goes over the channel and lies in the hashes, and how it is written
    telling         what this node has to say
    hearing         what the others said, and what of it still holds
    wire            Redis in the event loop: both of these, for an edge or a clerk
    tokens, shelf   on Redis through `asking`, which blocks for some milliseconds at most
"""

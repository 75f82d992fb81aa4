"""The console: pages for an operator who would rather look than read, made by the server from what the REST API stands on.

Every page works without script and without the network beyond this host: one stylesheet, one small script that refreshes
what lives. A page shows what its viewer may do, and nothing is done without the permission that REST asks for.
"""

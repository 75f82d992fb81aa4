"""The sidecar's HTTP: the operator's policy and the call log, health, metrics, our public certificate chain, and signing and
verification for other SIP elements.

One module a resource; `app` puts them together, `server` runs the whole as a process of its own.
"""

"""The sidecar's HTTP: health, metrics, our public certificate chain, and signing and verification for other SIP
elements.

One module a resource; `app` puts them together, `server` runs the whole as a process of its own.
"""

"""The lab on the network: TEST ONLY. An STI-CA that issues by ACME and the STI-PA it believes, both on loopback.

    faults            what goes wrong on purpose, switched on and off while the server runs
    ca                what the CA knows: its accounts, and each order on its way to a certificate (RFC 8555)
    signed            an ACME request, of which no word is believed before its signature holds
    tokens            the STI-PA's SPC tokens, made by one party and judged by the other (RFC 9447, RFC 9448)
    acme_http, sti_pa_http, server   all that over HTTP

It is the other party of our own client, so nothing in it comes from `gateway.acme`: requests are read by the `acme`
library of Let's Encrypt, and tokens by PyJWT. Both come with the development tools (`make setup`).
"""

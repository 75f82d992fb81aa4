"""Certificates that come and renew themselves: ACME (RFC 8555) with the authority tokens of the STI-PA (RFC 9447, RFC 9448).

    settings     what `[acme]` in the configuration may say
    answers      what an ACME server says, as types
    jws          a request as ACME wants it signed; the account key's fingerprint
    spc_token    what the STI-PA is asked for, and whether its token is what was asked
    steps        an order on its way: which step is next, given what was answered
    schedule     when to renew, when to try again, how late it is
    failure      the one way all of this says no
    telling      how all of it stands
    state        what must outlive the process, as one file
    wire, client, sti_pa    HTTP: bounded requests; the ACME server; the STI-PA
    accounts     our account with the STI-CA, and its key
    issuing      one order, step by step, on real keys
    renewals     all orders of a node, whenever they are due

`settings` to `telling` do no I/O. Our side of the signatures is written here and not taken from the `acme` library: that one
blocks on connections of its own, knows neither the identifier TNAuthList nor the challenge tkauth-01, and wants keys as
objects that a PKCS#11 token does not give away. It is the other party in the tests.
"""

"""STIR/SHAKEN as the standards define it: pure functions and frozen data, no I/O, no clock, no randomness.

The nouns. A **PASSporT** (RFC 8225) is a signed token that says who calls whom, and when: `orig`, `dest`,
`iat`. Its **shaken** kind (RFC 8588) adds `attest`, how sure the signer is of the caller's right to the
number, and `origid`, by which the signer alone can trace the call. It travels in a SIP **Identity** header
(RFC 8224), whose `info` is the URL of the signer's certificate, the same as `x5u` inside the token. The
certificate carries a **TNAuthList** (RFC 8226): the provider code or the numbers its holder may speak for.

Who signs: the originating provider, which knows its customer; or whoever lets a call into the network. Who
verifies: the terminating provider. The gateway does either, for the switch that stands behind it.

Which module knows what:
    numberplan   how a country writes its numbers
    tn           what number a text means, or that it means none
    claims       what a shaken PASSporT may say, and its canonical bytes
    passport     how claims become a signed token, and how a token is taken apart
    identity     the header around the token
    attestation  which level a call earns
    tnauthlist   the certificate extension
    signalled    what the signalling says, for comparing with a token
    received     what a stranger's token claims
    diversion    how signed diversions lead from one number to another
    verification the procedure, in two phases; verdict: what it found; reasons: each way it can end
    chain        whether a stranger's certificate is to be believed: with certificate, path, validation, scope, constraints
    revocation   whether it is revoked: with crl, crl_entries
    x5u          which URLs a certificate may be at
    reason_header what a verifier tells the signer (RFC 9410)
    sign_lines, verify_lines   one line of JSON after another: with lines, known, verdict_json
    lint         the certificate profile, rule by rule

Keys, certificates, `now` and `origid` are arguments. Every parser raises one error of its own, with a stable
kebab-case reason, and nothing else.
"""

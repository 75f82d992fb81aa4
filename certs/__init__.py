"""The lab's certification authorities: TEST ONLY, trusted by nobody.

Two parties, kept apart as in the field: the STI-CA (`sti_ca`) signs certificates after the SHAKEN profile
(`profile`, ATIS-1000080), the STI-PA (`sti_pa`) publishes which of them are revoked and which roots are to be
trusted (`trust_list`). Neither reads a clock or a file: the time and the source of serial numbers are
arguments. `lab` alone keeps them on disk, `python -m certs` drives it, and `builders` makes sound or
deliberately defective chains for tests.
"""

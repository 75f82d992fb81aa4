"""Every reason that verification can give is shown by some case in these files."""

from test_stir_verification_certificate import CONSTRAINED, GIVEN, MOMENTS, REVOKED, SCOPED
from test_stir_verification_claims import REFUSED as CLAIMS
from test_stir_verification_diversion import REFUSED as DIVERSION
from test_stir_verification_freshness import REFUSED as FRESHNESS
from test_stir_verification_header import REFUSED as HEADER
from test_stir_verification_parties import REFUSED as PARTIES

from gateway.stir.reasons import Reason

SHOWN = {
    *GIVEN,
    *(case.values[0].reason for case in (*HEADER, *CLAIMS, *FRESHNESS, *PARTIES, *DIVERSION)),
    *(case.values[-1] for case in (*MOMENTS, *SCOPED, *CONSTRAINED, *REVOKED)),
    Reason.SIGNATURE_INVALID,
    Reason.TOO_MANY_IDENTITIES,
}
ELSEWHERE = {Reason.REPLAYED, Reason.REQUEST_MALFORMED}
"""Given by those who remember tokens, and those who read requests."""


def test_every_reason_is_shown() -> None:
    assert set(Reason) - SHOWN == ELSEWHERE

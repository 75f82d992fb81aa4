"""The token is of this call: orig is who calls, and dest who is called, by the signalling alone (RFC 8224 §6.2.4)."""

import pytest
from builders import (
    CALL,
    CALLEE,
    CALLER,
    NEXT,
    THIRD,
    Case,
    assert_refused_unfetched,
    calling,
    identity,
    judged,
    refused,
)

from gateway.stir.reasons import Reason
from gateway.stir.signalled import Signalled, signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verification import Rules

US = NumberPlan.of("US")
WHO, CUT_AND_PASTE, WHOM = "RFC 8224 6.2 step 2", "RFC 8224 6.2.4", "RFC 8225 10.1"
LENIENT = Rules(retargeted=True)
SEVERAL = identity(claims={"dest": {"tn": ["12125551212", CALLEE]}})

REFUSED = [
    refused("no-identity", "RFC 8224 6.2.2", Reason.NO_IDENTITY),
    refused(
        "anonymous-without-identity", "RFC 5079", Reason.CALLER_ANONYMOUS, call=calling((), anonymous=True)
    ),
    refused(
        "an-anonymous-caller", WHO, Reason.CALLER_ANONYMOUS, identity(), call=calling((), anonymous=True)
    ),
    refused("a-caller-without-number", WHO, Reason.CALLER_UNREADABLE, identity(), call=calling(())),
    refused("another-caller", CUT_AND_PASTE, Reason.ORIG_MISMATCH, identity(), call=calling((NEXT,))),
    refused(
        "a-caller-with-a-digit-more", WHO, Reason.ORIG_MISMATCH, identity(), call=calling((CALLER + "0",))
    ),
    refused(
        "a-caller-not-canonical", WHO, Reason.ORIG_MISMATCH, identity(claims={"orig": {"tn": CALLER[1:]}})
    ),
    refused(
        "another's-number-beside-ones-own",
        WHO,
        Reason.ORIG_MISMATCH,
        identity(),
        call=calling((CALLER, THIRD)),
    ),
    refused("another-callee", WHOM, Reason.DEST_MISMATCH, identity(), call=calling(to=NEXT, target=NEXT)),
    refused(
        "another-callee-of-several", WHOM, Reason.DEST_MISMATCH, SEVERAL, call=calling(to=NEXT, target=NEXT)
    ),
    refused(
        "another-target-and-no-to", WHOM, Reason.DEST_MISMATCH, identity(), call=calling(to=None, target=NEXT)
    ),
    refused(
        "another-to-and-no-target", WHOM, Reason.DEST_MISMATCH, identity(), call=calling(to=NEXT, target=None)
    ),
    refused("nobody-called", WHOM, Reason.CALLEE_UNREADABLE, identity(), call=calling(to=None, target=None)),
    refused("sent-on-unsigned", "RFC 8946 1", Reason.RETARGETED, identity(), call=calling(target=NEXT)),
    refused(
        "sent-on-from-another-number-where-that-is-let-pass",
        WHOM,
        Reason.DEST_MISMATCH,
        identity(),
        call=calling(to=THIRD, target=NEXT),
        rules=LENIENT,
    ),
]


@pytest.mark.parametrize("case", REFUSED)
def test_fails_before_anything_is_fetched(case: Case) -> None:
    assert_refused_unfetched(case)


@pytest.mark.parametrize(
    ("value", "call", "rules"),
    [
        pytest.param(identity(), CALL, Rules(), id="to-and-target-are-dest"),
        pytest.param(identity(), calling(to=NEXT), Rules(), id="target-is-dest-though-to-is-not"),
        pytest.param(identity(), calling(to=None), Rules(), id="to-is-no-number"),
        pytest.param(identity(), calling(target=None), Rules(), id="the-target-is-no-number"),
        pytest.param(SEVERAL, CALL, Rules(), id="one-of-several-called"),
        pytest.param(identity(), calling(target=NEXT), LENIENT, id="sent-on-unsigned-where-that-is-let-pass"),
    ],
)
def test_passes(value: str, call: Signalled, rules: Rules) -> None:
    assert judged(value, call=call, rules=rules).passed


@pytest.mark.parametrize(
    ("asserted", "sender", "to", "target"),
    [
        pytest.param((), "sip:2155551212@h", "sip:+12155551213@h", "sip:12155551213@h", id="from-alone"),
        pytest.param(
            ("<sip:+12155551212@h;user=phone>",),
            "sip:9995550000@h",
            "tel:+12155551213",
            "sip:2155551213@h",
            id="asserted-sip",
        ),
        pytest.param(
            ("<tel:+1-215-555-1212>",), "sip:anonymous@anonymous.invalid", "2155551213", "", id="asserted-tel"
        ),
        pytest.param(
            ("sip:2155551212@h", "tel:+12155551212"),
            "sip:h",
            "sip:h",
            "sip:2155551213@h",
            id="asserted-both-ways",
        ),
        pytest.param(
            ("sip:alice@h", "tel:+12155551212"), "sip:h", "", "sip:2155551213@h", id="an-asserted-name-too"
        ),
    ],
)
def test_passes_however_sip_writes_the_numbers(
    asserted: tuple[str, ...], sender: str, to: str, target: str
) -> None:
    """P-Asserted-Identity counts before From (RFC 8224 §8, ATIS-1000074 §5.2.1)."""
    assert judged(identity(), call=signalled(asserted, sender, to, target, US)).passed


def test_an_asserted_number_counts_though_from_is_the_one_that_was_signed() -> None:
    call = signalled(("tel:+12155550000",), f"sip:{CALLER}@h", CALLEE, CALLEE, US)
    assert judged(identity(), call=call).reason is Reason.ORIG_MISMATCH


def test_a_number_whose_country_only_the_token_knows_is_compared_as_it_is_written() -> None:
    call = signalled((), "sip:13123456789@h", CALLEE, CALLEE, NumberPlan.of("CN"))
    value = identity(claims={"orig": {"tn": "13123456789"}})
    assert judged(value, call=call).passed

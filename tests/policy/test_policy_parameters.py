"""The parameters carry VOS3000's names and defaults outside, and refuse what they cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.parameters import LARGEST, NAMES, InvalidParameters, Parameters


@pytest.mark.parametrize(
    ("public", "why"),
    [
        ({"SS_CALLERALLOWLENGTH": -1}, "SS_CALLERALLOWLENGTH: -1 is not between 0 and"),
        ({"SS_CALLERALLOWLENGTH": LARGEST + 1}, "SS_CALLERALLOWLENGTH: 2147483648 is not between"),
        ({"SS_CALLERALLOWLENGTH": "15"}, "SS_CALLERALLOWLENGTH: '15' is not a whole number"),
        ({"SS_CALLERALLOWLENGTH": 15.0}, "SS_CALLERALLOWLENGTH: 15.0 is not a whole number"),
        ({"SS_CALLERALLOWLENGTH": None}, "SS_CALLERALLOWLENGTH: None is not a whole number"),
        ({"SS_CALLERALLOWLENGTH": True}, "SS_CALLERALLOWLENGTH: True is not a whole number"),
        ({"SS_REG_FAIL_BLACKLIST_TIME": 0}, "SS_REG_FAIL_BLACKLIST_TIME: 0 is not between 1 and"),
        ({"SS_ACCESS_IP_CHECK": 2}, "SS_ACCESS_IP_CHECK: 2 is not 0 or 1"),
        ({"SS_ACCESS_IP_CHECK": "yes"}, "SS_ACCESS_IP_CHECK: 'yes' is not 0 or 1"),
        ({"SS_ACCESS_IP_CHECK": 1.0}, "SS_ACCESS_IP_CHECK: 1.0 is not 0 or 1"),
        ({"malicious_premium_share": 101}, "malicious_premium_share: 101 is not between 0 and 100"),
        ({"no_answer_party": "nobody"}, "no_answer_party: 'nobody' is not one of callee, caller, both"),
        ({"no_answer_party": ["callee"]}, "no_answer_party: \\['callee'\\] is not one of"),
        ({"time_zone": "Mars/Olympus"}, "time_zone: there is no time zone 'Mars/Olympus'"),
        ({"time_zone": "America"}, "time_zone: there is no time zone 'America'"),
        ({"time_zone": "../../etc/passwd"}, "time_zone: there is no time zone"),
        ({"time_zone": "UTC\0"}, "time_zone: there is no time zone"),
        ({"time_zone": ""}, "time_zone: there is no time zone ''"),
        ({"time_zone": 0}, "time_zone: 0 is not the name of a time zone"),
        ({"SS_X" * 1000: 1}, "'SS_XSS_X.*\\.\\.\\.: there is no such parameter$"),
    ],
    ids=lambda value: (
        None if isinstance(value, str) else "-".join(f"{k[:30]}={v!r}"[:50] for k, v in value.items())
    ),
)
def test_a_value_that_cannot_be_is_refused_by_its_public_name(public: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidParameters, match=why):
        Parameters.of(public)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SS_BLACK_LIST_NOANSWER_LIMIT", "SS_BLACK_LIST_NO_ANSWER_LIMIT"),
        ("ss_callerallowlength", "SS_CALLERALLOWLENGTH"),
        ("caller_length", "SS_CALLERALLOWLENGTH"),
        ("timezone", "time_zone"),
        ("MALICIOUS_WINDOW", "malicious_window"),
    ],
)
def test_an_unknown_name_is_answered_with_the_one_probably_meant(written: str, meant: str) -> None:
    with pytest.raises(InvalidParameters, match=f"no such parameter; did you mean {meant}\\?"):
        Parameters.of({written: 1})


def test_every_error_is_told_at_once() -> None:
    with pytest.raises(InvalidParameters) as raised:
        Parameters.of({"SS_CALLERALLOWLENGHT": 15, "SS_MAXCONCURRENTCALL": -1, "time_zone": "?"})
    assert [error.split(":")[0].strip("'") for error in raised.value.errors] == [
        "SS_CALLERALLOWLENGHT",
        "SS_MAXCONCURRENTCALL",
        "time_zone",
    ]


def test_parameters_made_in_the_code_are_checked_as_well() -> None:
    with pytest.raises(ValueError, match="SS_SIP_DYNAMIC_BLACKLIST_EXPIRE: -5 is not between 1 and"):
        Parameters(sip_blacklist_expire=-5)


def test_the_defaults_are_those_of_vos3000() -> None:
    assert Parameters().public() == {
        "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 1000,
        "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_EXPIRE": 3600,
        "SS_BLACK_LIST_NO_ANSWER_LIMIT": 100,
        "SS_BLACK_LIST_NO_ANSWER_EXPIRE": 3600,
        "SS_CALLERALLOWLENGTH": 15,
        "SS_ACCESS_IP_CHECK": 0,
        "SS_REG_FAIL_BLACKLIST_COUNT": 5,
        "SS_REG_FAIL_BLACKLIST_TIME": 3600,
        "SS_SIP_DYNAMIC_BLACKLIST_EXPIRE": 3600,
        "SS_CALLAUTH_INVALID_COUNT": 0,
        "SS_MAXCONCURRENTCALL": 0,
        "malicious_window": 3600,
        "malicious_concurrent": 0,
        "malicious_premium_share": 0,
        "no_answer_party": "callee",
        "time_zone": "UTC",
    }


def test_what_is_left_out_has_its_default() -> None:
    assert Parameters.of({"SS_REG_FAIL_BLACKLIST_COUNT": 3}) == Parameters(reg_fail_count=3)
    assert Parameters.of({}) == Parameters()


@pytest.mark.parametrize(("written", "means"), [(0, False), (1, True), (False, False), (True, True)])
def test_a_switch_is_written_as_vos3000_does_or_as_a_truth(written: object, means: bool) -> None:
    assert Parameters.of({"SS_ACCESS_IP_CHECK": written}).access_ip_check is means


@given(
    limit=st.integers(0, LARGEST),
    expire=st.integers(1, LARGEST),
    check=st.booleans(),
    party=st.sampled_from(["callee", "caller", "both"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
)
def test_parameters_come_back_from_their_public_names(
    limit: int, expire: int, check: bool, party: object, zone: str
) -> None:
    parameters = Parameters(
        malicious_limit=limit,
        no_answer_expire=expire,
        access_ip_check=check,
        no_answer_party=party,  # type: ignore[arg-type]
        time_zone=zone,
    )
    assert Parameters.of(parameters.public()) == parameters


@given(
    st.dictionaries(
        st.sampled_from([*NAMES.values(), "x"]), st.none() | st.integers() | st.text() | st.floats()
    )
)
def test_any_mapping_is_parameters_or_refused(public: dict[str, object]) -> None:
    try:
        parameters = Parameters.of(public)
    except InvalidParameters as error:
        assert len(error.errors) >= 1
    else:
        assert {name: parameters.public()[name] for name in public} == public

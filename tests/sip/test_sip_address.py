"""An address is understood as a whole or refused, and what is written of it holds nothing that was not understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.address import ANONYMOUS, Address, read
from gateway.sip.message import BadMessage
from gateway.sip.values import name_addr

PASSED = "TN-Validation-Passed"

REFUSED = {
    "empty": "",
    "no-uri": "Alice",
    "other-scheme": "<mailto:alice@example.com>",
    "service": "<urn:service:sos>",
    "open-quote": '"Al <sip:1@h>',
    "open-bracket": "<sip:+12155550100@h",
    "space-in-the-user": "<sip:+1 215@h>",
    "quote-in-the-user": '<sip:+1215"@h>',
    "backslash-in-the-user": "<sip:+1215\\@h>",
    "two-ats": "<sip:+1215@h@h>",
    "no-host": "<sip:+1215@>",
    "control-sign-in-the-user": "<sip:+1215\x00@h>",
    "eight-bit-user": "<sip:\xe9@h>",
    "quote-in-a-parameter": '<sip:+1215@h;x="y">',
    "verstat-in-the-number-itself": "<sip:+1215%3Bverstat=TN-Validation-Passed@h>",
    "tel-with-letters": "<tel:alice>",
    "empty-tel": "<tel:>",
    "parameters-of-no-number": "<sip:;npdi@h>",
    "nothing-but-a-semicolon": "<sip:;@h>",
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_not_understood_is_refused(value: str) -> None:
    with pytest.raises(BadMessage):
        read(value)


WRITTEN = {
    "plain": ("<sip:+12155550100@h>;tag=1", "<sip:+12155550100@h>"),
    "without-brackets": ("sip:+12155550100@h;tag=1", "<sip:+12155550100@h>"),
    "quoted-name": ('"Al, \\"the\\" <b>" <sip:1@h>', '"Al, \\"the\\" <b>" <sip:1@h>'),
    "bare-name": ("Alice Smith <sip:1@h>", '"Alice Smith" <sip:1@h>'),
    "name-half-quoted": ('"Al" b <sip:1@h>', '"\\"Al\\" b" <sip:1@h>'),
    "name-with-control-signs": ('"A\x00l\x1b" <sip:1@h>', '"Al" <sip:1@h>'),
    "eight-bit-name": ('"Ren\xc3\xa9" <sip:1@h>', '"Ren\xc3\xa9" <sip:1@h>'),
    "empty-name": ('"" <sip:1@h>', "<sip:1@h>"),
    "parameters-stay": ("<sip:1;npdi;rn=+1@h:5062;user=phone>", "<sip:1;npdi;rn=+1@h:5062;user=phone>"),
    "headers-go": ("<sip:1@h?Replaces=x>", "<sip:1@h>"),
    "password-goes": ("<sip:1:secret@h>", "<sip:1@h>"),
    "ipv6": ("<SIPS:1@[2001:db8::1]:5061>", "<sips:1@[2001:db8::1]:5061>"),
    "tel": ("<tel:+1-215-555-0100;phone-context=x>", "<tel:+1-215-555-0100;phone-context=x>"),
    "no-user": ("<sip:192.0.2.1>", "<sip:anonymous@192.0.2.1>"),
}


@pytest.mark.parametrize(("value", "written"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_understood_is_written_anew(value: str, written: str) -> None:
    assert str(read(value)) == written


STRIPPED = {
    "in-the-user-part": "<sip:+1215;verstat=x@h;user=phone>",
    "behind-the-host": "<sip:+1215@h;user=phone;verstat=x>",
    "in-both": "<sip:+1215;verstat=x@h;verstat=y;user=phone>",
    "in-capitals": "<sip:+1215;VERSTAT=x@h;user=phone>",
    "without-value": "<sip:+1215;verstat@h;user=phone>",
    "escaped": "<sip:+1215;%76erstat=x@h;user=phone>",
    "inside-another": "<sip:+1215;x=1%3bverstat=y@h;user=phone>",
    "twice": "<sip:+1215;verstat=x;verstat=y@h;user=phone>",
}


@pytest.mark.parametrize("value", STRIPPED.values(), ids=STRIPPED)
def test_a_verstat_is_found_wherever_it_stands(value: str) -> None:
    found = read(value)
    assert found.has_verstat
    assert str(found.without_verstat()) == "<sip:+1215@h;user=phone>"
    assert str(found.with_verstat(PASSED)) == f"<sip:+1215;verstat={PASSED}@h;user=phone>"


STAMPED = {
    "number": ("<sip:+1215@h>", f"<sip:+1215;verstat={PASSED}@h;user=phone>"),
    "number-with-parameters": ("<sip:+1215;npdi@h>", f"<sip:+1215;npdi;verstat={PASSED}@h;user=phone>"),
    "tel": ("<tel:+1215;verstat=x>", f"<tel:+1215;verstat={PASSED}>"),
    "name": ("<sip:anonymous@anonymous.invalid>", f"<sip:anonymous;verstat={PASSED}@anonymous.invalid>"),
}


@pytest.mark.parametrize(("value", "stamped"), STAMPED.values(), ids=STAMPED)
def test_verstat_is_a_parameter_of_the_number(value: str, stamped: str) -> None:
    assert str(read(value).with_verstat(PASSED)) == stamped


NAMED = {
    "name": ('"Al" <sip:+1215@h>', '"[V] Al" <sip:+1215@h>'),
    "no-name": ("<sip:+1215@h>", '"[V] +1215" <sip:+1215@h>'),
    "name-with-a-quote": ('"A\\"l" <sip:+1215@h>', '"[V] A\\"l" <sip:+1215@h>'),
}


@pytest.mark.parametrize(("value", "named"), NAMED.values(), ids=NAMED)
def test_a_mark_stands_before_the_name_or_the_number(value: str, named: str) -> None:
    assert str(read(value).named("[V] ")) == named
    assert read(value).named("") == read(value)


PREFIXED = {
    "with-plus": ("<sip:+1215@h>", "<sip:9991215@h>"),
    "without-plus": ("<tel:1215>", "<tel:9991215>"),
    "name": ("<sip:anonymous@h>", "<sip:anonymous@h>"),
}


@pytest.mark.parametrize(("value", "prefixed"), PREFIXED.values(), ids=PREFIXED)
def test_digits_stand_before_a_number_alone(value: str, prefixed: str) -> None:
    assert str(read(value).prefixed("999")) == prefixed


MOVED = {
    "sip": ('"Al" <sips:+1215;npdi@h:5061;transport=tls>', '"Al" <sip:+1215;npdi@us>'),
    "phone": ("<sip:+1215@h;USER=phone>", "<sip:+1215@us;user=phone>"),
    "tel": ("<tel:+1215;phone-context=x>", "<sip:+1215;phone-context=x@us;user=phone>"),
    "withheld": ("<sip:anonymous@anonymous.invalid>", str(ANONYMOUS)),
}


@pytest.mark.parametrize(("value", "moved"), MOVED.values(), ids=MOVED)
def test_our_host_takes_the_place_of_theirs(value: str, moved: str) -> None:
    assert str(read(value).at("us")) == moved


@pytest.mark.parametrize(
    ("value", "withheld"),
    [
        ('"Al" <sip:025;npdi@h;user=phone>', '"Al" <sip:anonymous@h>'),
        ("tel:025", "<sip:anonymous@anonymous.invalid>"),
    ],
)
def test_a_number_of_which_a_transform_leaves_nothing_is_withheld(value: str, withheld: str) -> None:
    assert str(read(value).renumbered("025", "")) == withheld


JUNK = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
USER = st.text('+0123456789;=%:@.verstatVERSTAT anonymous<>"\\', max_size=30)


@given(JUNK, USER, USER, JUNK, st.sampled_from(["sip", "sips", "tel"]))
def test_what_is_written_reads_as_the_same_again(
    display: str, user: str, behind: str, rest: str, scheme: str
) -> None:
    try:
        found = read(f"{display}<{scheme}:{user}@host{behind}>{rest}")
    except BadMessage:
        return
    for each in (found, found.named("[?] ").prefixed("999").with_verstat(PASSED).at("us")):
        assert read(str(each)) == each


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail_otherwise(value: str) -> None:
    try:
        found = read(value)
    except BadMessage:
        return
    assert isinstance(found, Address)
    assert name_addr(str(found)).uri == found.uri

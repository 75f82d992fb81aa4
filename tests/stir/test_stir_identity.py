"""Identity values of any legal shape are read, whatever else is refused, and lines are split safely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.identity import MAX_VALUE, IdentityHeader, InvalidIdentity, build, parse, split, split_all

URL = "https://cert.example.org/passport.cer"
WHOLE = IdentityHeader("a.b.c", URL, "ES256", "shaken")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("", "no-token", id="nothing"),
        pytest.param("  \t", "no-token", id="white-space"),
        pytest.param(f";info=<{URL}>", "bad-token", id="parameters-alone"),
        pytest.param(f'"a.b.c";info=<{URL}>', "bad-token", id="a-quoted-token"),
        pytest.param(f"a.b.c==;info=<{URL}>", "bad-parameter", id="padding"),
        pytest.param(f"a.b+c;info=<{URL}>", "bad-parameter", id="base64-that-is-not-url-safe"),
        pytest.param(f"a.b.c d;info=<{URL}>", "bad-parameter", id="two-tokens"),
        pytest.param("a.b.c", "no-info", id="a-token-alone"),
        pytest.param("a.b.c;alg=ES256;ppt=shaken", "no-info", id="no-info"),
        pytest.param("a.b.c;info", "bad-info", id="info-without-value"),
        pytest.param("a.b.c;info=cert", "bad-info", id="info-without-brackets"),
        pytest.param(f'a.b.c;info="{URL}"', "bad-info", id="info-in-quotes"),
        pytest.param("a.b.c;info=<>", "bad-info", id="an-empty-url"),
        pytest.param("a.b.c;info=</passport.cer>", "bad-info", id="a-relative-url"),
        pytest.param("a.b.c;info=<https://a b>", "bad-info", id="a-url-with-a-space"),
        pytest.param(f"a.b.c;info={URL}", "bad-parameter", id="a-url-without-brackets"),
        pytest.param(f"a.b.c;info=<{URL}", "bad-parameter", id="a-bracket-never-closed"),
        pytest.param(f"a.b.c;info=<{URL}>;info=<{URL}>", "duplicate-parameter", id="info-twice"),
        pytest.param(f"a.b.c;info=<{URL}>;alg=ES256;ALG=none", "duplicate-parameter", id="alg-twice"),
        pytest.param(f"a.b.c;info=<{URL}>;alg", "bad-parameter", id="alg-without-value"),
        pytest.param(f"a.b.c;info=<{URL}>;ppt=", "bad-parameter", id="ppt-without-value"),
        pytest.param(f"a.b.c;info=<{URL}>;ppt=<shaken>", "bad-parameter", id="ppt-in-brackets"),
        pytest.param(f'a.b.c;info=<{URL}>;ppt="shaken', "bad-parameter", id="a-quote-never-closed"),
        pytest.param(f"a.b.c;info=<{URL}>;", "bad-parameter", id="a-semicolon-too-many"),
        pytest.param(f"a.b.c;info=<{URL}> x", "bad-parameter", id="something-behind"),
        pytest.param(f"a.b.c;info=<{URL}>,a.b.c;info=<{URL}>", "bad-parameter", id="two-values"),
        pytest.param(f"a.b.c;info=<{URL}>;x=" + "y" * MAX_VALUE, "too-long", id="longer-than-any"),
    ],
)
def test_refuses_what_is_no_identity_value(value: str, reason: str) -> None:
    with pytest.raises(InvalidIdentity) as refused:
        parse(value)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"a.b.c;info=<{URL}>;alg=ES256;ppt=shaken", id="as-carriers-write-it"),
        pytest.param(f"a.b.c;ppt=shaken;info=<{URL}>;alg=ES256", id="another-order"),
        pytest.param(f'a.b.c;info=<{URL}>;alg="ES256";ppt="shaken"', id="quoted"),
        pytest.param(f'a.b.c;info=<{URL}>;alg=ES256;ppt="sh\\aken"', id="quoted-with-an-escape"),
        pytest.param(f" a.b.c ; info = <{URL}>\t; alg= ES256 ;ppt =shaken ", id="white-space-everywhere"),
        pytest.param(f"a.b.c;INFO=<{URL}>;Alg=ES256;pPt=shaken", id="names-in-any-case"),
    ],
)
def test_one_meaning_in_many_spellings(value: str) -> None:
    assert parse(value) == WHOLE


def test_absent_alg_and_ppt_are_none() -> None:
    assert parse(f"a.b.c;info=<{URL}>") == IdentityHeader("a.b.c", URL, None, None)


def test_other_parameters_are_kept_in_order() -> None:
    found = parse(f'a.b.c;z;info=<{URL}>;canon="x;,y"')
    assert found.parameters == (("z", None), ("canon", "x;,y"))


def test_the_compact_form_is_recognised() -> None:
    assert parse(f"..c;info=<{URL}>;alg=ES256").is_compact
    assert not WHOLE.is_compact


def test_builds_the_form_that_carriers_expect() -> None:
    assert build("a.b.c", URL) == f"a.b.c;info=<{URL}>;alg=ES256;ppt=shaken"


def test_reads_what_it_builds() -> None:
    assert parse(build("a.b.c", URL)) == WHOLE


@pytest.mark.parametrize(
    ("line", "values"),
    [
        pytest.param("", [""], id="an-empty-line-is-one-bad-value"),
        pytest.param("a", ["a"], id="one"),
        pytest.param("a, b\t,c", ["a", "b", "c"], id="three"),
        pytest.param("a,,b,", ["a", "", "b", ""], id="empty-values-are-kept-to-be-judged"),
        pytest.param("a;info=<http://h/x,y>,b", ["a;info=<http://h/x,y>", "b"], id="a-comma-in-the-url"),
        pytest.param('a;x=",",b', ['a;x=","', "b"], id="a-comma-in-quotes"),
        pytest.param('a;x="\\",",b', ['a;x="\\","', "b"], id="an-escaped-quote"),
        pytest.param("a;info=<b,c", ["a;info=<b,c"], id="a-bracket-never-closed"),
        pytest.param('a;x="b,c', ['a;x="b,c'], id="a-quote-never-closed"),
        pytest.param('a;x="b\\', ['a;x="b\\'], id="an-escape-of-nothing"),
    ],
)
def test_splits_a_line_at_the_commas_between_values(line: str, values: list[str]) -> None:
    assert split(line) == values


def test_splits_every_line_of_a_message() -> None:
    assert split_all(["a,b", "c"]) == ["a", "b", "c"]


PIECES = ["a.b.c", ";", ",", "=", "<", ">", '"', "\\", " ", "info", "alg", "ppt", URL, "info=<https://h>"]
SHAPED = st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.text() | SHAPED)
def test_any_text_is_an_identity_or_invalid(text: str) -> None:
    for value in split(text):
        try:
            assert parse(value).info
        except InvalidIdentity as refused:
            assert refused.reason


@given(SHAPED)
def test_splitting_loses_nothing_but_white_space(line: str) -> None:
    assert ",".join(split(line)).replace(" ", "") == line.replace(" ", "")


def reading(value: str) -> IdentityHeader | str:
    """What a value says, or the reason for refusing it."""
    try:
        return parse(value)
    except InvalidIdentity as refused:
        return refused.reason


COMMON = ["a.b.c", ";info=<", URL, "https:", ">", ";alg=", "ES256", ";ppt=", "shaken", "div", "Div", "é", "<"]
ALMOST_COMMON = st.lists(st.sampled_from(COMMON)).map("".join) | st.lists(
    st.sampled_from(COMMON), min_size=5, max_size=5
).map(lambda odd: f"{odd[0]};info=<{odd[1]}>;alg={odd[2]};ppt={odd[3]}{odd[4]}")


@given(ALMOST_COMMON | SHAPED)
def test_the_short_cut_says_what_the_grammar_says(value: str) -> None:
    assert reading(value) == reading(f" {value}")  # a space in front keeps it from being taken


TOKENS = st.from_regex(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", fullmatch=True)
URLS = st.from_regex(r"https://[a-z0-9.-]+(:[0-9]{1,5})?/[!#-;=?-~]*", fullmatch=True)


@given(st.lists(st.tuples(TOKENS, URLS), min_size=1, max_size=4), st.sampled_from([",", " , ", ",\t"]))
def test_values_that_were_built_and_joined_are_split_and_read_again(
    built: list[tuple[str, str]], comma: str
) -> None:
    line = comma.join(build(token, url) for token, url in built)
    assert [parse(value) for value in split(line)] == [
        IdentityHeader(token, url, "ES256", "shaken") for token, url in built
    ]


@pytest.mark.parametrize("piece", ['"a\\', '\\"a', "<", ",", '"', ";a", ' ;a="'])
def test_a_long_hostile_line_takes_no_time(piece: str) -> None:
    for value in split(piece * 20_000)[:3]:
        with pytest.raises(InvalidIdentity):
            parse(value)

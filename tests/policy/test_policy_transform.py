"""Number Transform: the longest original that matches says what becomes of a number."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.transform import Transform, TransformTable, clashes


def rule(original: str, target: str) -> Transform:
    return Transform("vos3000", "callee", original, target)


def table(*rules: tuple[str, str]) -> TransformTable:
    return TransformTable(rule(original, target) for original, target in rules)


def result(transforms: TransformTable, number: str) -> str:
    return transforms.apply("vos3000", "callee", number).number


@pytest.mark.parametrize(
    "original",
    ["", "01a", "0*1", "**", "*0", "0+1", "++1", " 01", "0-1", "٠١", "01\n"],
    ids=["empty", "letter", "star-inside", "two-stars", "star-in-front", "plus-inside", "two-pluses", "space",
         "dash", "arabic-digits", "newline"],
)  # fmt: skip
def test_an_original_that_means_nothing_is_refused(original: str) -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        rule(original, "1")


@pytest.mark.parametrize(
    "target",
    ["1?", "02a", "**", "1*2*", "1+", "*+1", " 1"],
    ids=["question", "letter", "two-stars", "two-stars-apart", "plus-behind", "plus-after-star", "space"],
)
def test_a_target_that_means_nothing_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="is no replacement"):
        rule("0*", target)


@pytest.mark.parametrize("original", ["0", "12345?"])
def test_a_star_in_the_target_needs_one_in_the_original(original: str) -> None:
    with pytest.raises(ValueError, match="none for it to repeat"):
        rule(original, "025*")


@pytest.mark.parametrize(
    ("rules", "number"),
    [
        pytest.param([], "01012345678", id="no-rules"),
        pytest.param([("010", "025")], "02012345678", id="another-prefix"),
        pytest.param([("010", "025")], "01", id="shorter-than-the-original"),
        pytest.param([("010", "025")], "+01012345678", id="plus-is-a-sign-of-its-own"),
        pytest.param([("12345?", "7")], "12345", id="question-needs-a-digit"),
        pytest.param([("12345?", "7")], "1234567", id="question-is-one-digit"),
        pytest.param([("12345?", "7")], "12345#", id="question-is-a-digit"),
        pytest.param([("12345?", "7")], "12345١", id="question-is-a-digit-of-ascii"),
        pytest.param([("12?*", "7*")], "12", id="question-before-star-needs-a-digit"),
        pytest.param([("*", "025*")], "", id="no-number"),
    ],
)
def test_a_number_that_no_original_matches_stays(rules: list[tuple[str, str]], number: str) -> None:
    found = table(*rules).apply("vos3000", "callee", number)
    assert (found.number, found.rule) == (number, None)


# The five examples of the VOS3000 2.1.9.07 manual, section 2.13.


def test_number_transform_of_a_prefix_to_itself_changes_nothing() -> None:
    assert result(table(("0", "0")), "02584316146") == "02584316146"


def test_number_transform_replaces_a_prefix() -> None:
    assert result(table(("010", "025")), "01012345678") == "02512345678"


def test_number_transform_removes_a_prefix() -> None:
    assert result(table(("025", "")), "02584316146") == "84316146"


def test_number_transform_adds_a_prefix_with_star() -> None:
    assert result(table(("*", "025*")), "117") == "025117"


def test_number_transform_matches_one_digit_with_question_mark() -> None:
    assert result(table(("12345?", "7899999999")), "123451") == "7899999999"


MANUAL = table(("0", "0"), ("010", "025"), ("025", ""), ("*", "025*"), ("12345?", "7899999999"))


@pytest.mark.parametrize(
    ("number", "becomes"),
    [
        ("02184316146", "02184316146"),
        ("01012345678", "02512345678"),
        ("02584316146", "84316146"),
        ("117", "025117"),
        ("123451", "7899999999"),
        ("1234512", "0251234512"),
    ],
)
def test_the_manual_s_examples_keep_out_of_each_other_s_way(number: str, becomes: str) -> None:
    assert result(MANUAL, number) == becomes


@pytest.mark.parametrize(
    ("rules", "number", "becomes"),
    [
        pytest.param([("0", "9"), ("01", "8"), ("*", "7*")], "0123", "823", id="longest"),
        pytest.param([("0", "9"), ("01", "8"), ("*", "7*")], "023", "923", id="shorter"),
        pytest.param([("0", "9"), ("01", "8"), ("*", "7*")], "23", "723", id="star-is-the-shortest"),
        pytest.param([("12?", "8"), ("123", "9")], "123", "9", id="digit-before-question"),
        pytest.param([("1?3", "8"), ("12?", "9")], "123", "9", id="digit-before-question-from-the-left"),
        pytest.param([("12?*", "8*"), ("12?", "9")], "123", "9", id="whole-before-open"),
        pytest.param([("12?", "9"), ("12", "8")], "1234", "834", id="whole-does-not-match-longer"),
        pytest.param([("0*", "44*")], "02071838750", "442071838750", id="star-after-a-prefix"),
        pytest.param([("0*", "44*")], "0", "44", id="star-may-be-nothing"),
        pytest.param([("0*", "999")], "02071838750", "999", id="star-dropped"),
        pytest.param([("*", "*99")], "117", "11799", id="star-in-front-of-the-target"),
        pytest.param([("0?*", "+44*")], "02071", "+44071", id="question-before-star-is-replaced"),
        pytest.param([("+", "00")], "+442071838750", "00442071838750", id="plus-of-the-original"),
        pytest.param([("00", "+")], "00442071838750", "+442071838750", id="plus-of-the-target"),
        pytest.param([("#31#", "")], "#31#117", "117", id="service-code"),
        pytest.param([("025", "")], "025", "", id="nothing-left"),
        pytest.param([("01", "02"), ("02", "03")], "015", "025", id="rewritten-once"),
    ],
)
def test_what_becomes_of_a_number(rules: list[tuple[str, str]], number: str, becomes: str) -> None:
    assert result(table(*rules), number) == becomes


def test_rules_are_per_peer_and_per_party() -> None:
    transforms = TransformTable(
        [
            Transform("vos3000", "caller", "0", "44"),
            Transform("vos3000", "callee", "0", "33"),
            Transform("other", "callee", "0", "1"),
        ]
    )
    assert transforms.apply("vos3000", "caller", "020").number == "4420"
    assert transforms.apply("vos3000", "callee", "020").number == "3320"
    assert transforms.apply("other", "callee", "020").number == "120"
    assert transforms.apply("other", "caller", "020").rule is None
    assert transforms.has("other", "callee")
    assert not transforms.has("other", "caller")


def test_the_rule_that_rewrote_a_number_is_named() -> None:
    written = rule("010", "025")
    assert TransformTable([written]).apply("vos3000", "callee", "0101").rule == written


def test_rules_that_match_the_same_numbers_are_told() -> None:
    first, second, third = rule("01", "1"), rule("01", "2"), rule("01*", "3*")
    elsewhere = Transform("vos3000", "caller", "01", "1")
    assert clashes([first, elsewhere, second, third]) == [(first, second), (first, third)]


@pytest.mark.parametrize(
    ("one", "other"), [("01", "02"), ("01", "01?"), ("01?", "01?*"), ("0?1", "01?"), ("*", "?*")]
)
def test_rules_that_match_different_numbers_are_not(one: str, other: str) -> None:
    assert clashes([rule(one, "1"), rule(other, "1")]) == []


originals = st.from_regex(r"\A[01?]{0,3}\*?\Z").filter(bool)


def matches(original: str, number: str) -> bool:
    """What the module's own text says, sign by sign."""
    stem = original.rstrip("*")
    if len(number) < len(stem) or (len(number) > len(stem) and "?" in original and "*" not in original):
        return False
    return all(want in ("?", sign) for want, sign in zip(stem, number, strict=False))


@given(
    st.lists(originals, max_size=6, unique_by=lambda original: original),
    st.text("012", min_size=1, max_size=5),
)
def test_the_table_agrees_with_trying_every_rule(patterns: list[str], number: str) -> None:
    rules = [rule(original, "9") for original in patterns]
    if clashes(rules):
        return
    found = pickle.loads(pickle.dumps(TransformTable(rules))).apply("vos3000", "callee", number).rule
    fitting = [original for original in patterns if matches(original, number)]
    longest = max((len(original.rstrip("*")) for original in fitting), default=None)
    assert found is None or found.original in fitting
    assert (len(found.stem) if found else None) == longest

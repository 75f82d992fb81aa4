"""The log is one JSON object a line, and shows no more of a telephone number than the operator wants."""

import json
import logging

import pytest
import structlog

from gateway import log


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> object:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = kept
    structlog.reset_defaults()


def lines(capfdbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("12155550100", "1215555xxxx"),
        ("+12155550100", "+1215555xxxx"),
        ("4420718", "442xxxx"),
        ("911", "911"),
        ("116000", "116000"),
        ("", ""),
    ],
)
def test_a_mask_hides_the_last_four_digits_of_a_subscriber(number: str, shown: str) -> None:
    assert log.mask(number) == shown


def test_a_call_is_one_line_with_its_numbers_masked(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log.setup()
    log.call_logger(mask_numbers=True)(
        {"caller": "12155550100", "callee": None, "rule": "route.none", "code": 404}
    )
    (line,) = lines(capfdbinary)
    assert line["event"] == "call"
    assert line["caller"] == "1215555xxxx"
    assert line["callee"] is None
    assert (line["rule"], line["code"], line["level"]) == ("route.none", 404, "info")
    assert str(line["timestamp"]).endswith("Z")


def test_numbers_are_shown_where_that_is_wanted(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log.setup()
    log.call_logger(mask_numbers=False)({"caller": "12155550100"})
    assert lines(capfdbinary)[0]["caller"] == "12155550100"


def test_a_stranger_s_text_stays_on_its_line(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log.setup()
    log.get("edge").warning("refused", text='a\nb"\udcff', data=b"\x00")
    assert len(lines(capfdbinary)) == 1


def test_a_stranger_s_text_neither_commands_a_terminal_nor_turns_its_line_round(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    log.setup()
    commands = "\x80\x85\x9b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"
    log.get("edge").warning("refused", text=f"Zoë{commands}")
    written = capfdbinary.readouterr().out.decode()
    assert "Zoë" in written
    assert not set(written) & set(commands)
    assert json.loads(written)["text"] == f"Zoë{commands}"


def test_what_is_below_the_level_is_not_said(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log.setup("warning")
    log.get("edge").info("quiet")
    log.get("edge").error("loud")
    assert [line["event"] for line in lines(capfdbinary)] == ["loud"]


def test_libraries_speak_through_the_same_door(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    log.setup()
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("failed %s", "here")
    (line,) = lines(capfdbinary)
    assert (line["log"], line["event"], line["level"]) == ("uvicorn.error", "failed here", "error")
    assert "RuntimeError: broken" in str(line["exception"])

"""A pjsua2 build is asked what it can do in a process of its own, so that nothing it does harms who asks."""

import json
import sys
from importlib.util import find_spec

import pytest

from gateway.sip.abilities import Abilities, Pjsua2Missing, read

needs_pjsua2 = pytest.mark.skipif(find_spec("pjsua2") is None, reason="pjsua2 is not installed")

FOUND = {
    "version": "9.9",
    "slots": 2048,
    "codecs": ["G729/8000/1"],
    "asserts": False,
    "max_packet": 65507,
    "short_transactions": False,
}


def saying(program: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", program)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param("import no_such_pjsua2", "No module named 'no_such_pjsua2'", id="not-installed"),
        pytest.param("import os; os.abort()", "status -6", id="aborts"),
        pytest.param("import sys; sys.exit('no libssl')", "no libssl", id="library-missing"),
        pytest.param("import os; os._exit(0)", "without a word", id="leaves"),
    ],
)
def test_a_build_that_does_not_start_says_why(program: str, said: str) -> None:
    with pytest.raises(Pjsua2Missing, match=said):
        read(saying(program))


def test_a_build_that_hangs_is_given_up() -> None:
    with pytest.raises(Pjsua2Missing, match=r"says nothing for 0\.2 s"):
        read(saying("import signal; signal.pause()"), seconds=0.2)


def test_what_is_missing_can_be_taken_for_an_import_error() -> None:
    assert issubclass(Pjsua2Missing, ImportError)


def test_what_the_process_says_is_what_is_found() -> None:
    assert read(saying(f"print({json.dumps(FOUND)!r})")) == Abilities(**{**FOUND, "codecs": ("G729/8000/1",)})


@needs_pjsua2
def test_the_installed_build_can_carry_calls() -> None:
    found = read()
    assert found.version[0].isdigit()
    assert found.slots >= 1
    assert "PCMU/8000/1" in found.codecs  # what the edge offers to a worker
    assert found.max_packet >= 1500


@needs_pjsua2
def test_the_same_build_gives_the_same_answer() -> None:
    assert read() == read()

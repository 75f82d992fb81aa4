"""The numbers of a list group by a form: in a text field, and as a file."""

from typing import Any

from doors import Door
from pages import Somebody

PATH = "/console/policy/list-groups/numbers?group=nuisance"


def group(somebody: Somebody) -> None:
    somebody.stores("/console/policy/list-groups/new", {"name": "nuisance", "memo": ""})


def send_file(somebody: Somebody, content: bytes, mode: str = "replace", **headers: str) -> Any:
    parts = {"csrf": (None, somebody.csrf), "mode": (None, mode), "numbers": (None, "ignored")}
    return somebody.client.post(PATH, files={**parts, "file": ("numbers.csv", content)}, headers=headers)


def numbers(door: Door) -> list[str]:
    return list(door.opened.store.numbers("nuisance").entries)


def test_numbers_are_added_looked_up_and_taken_away(door: Door, operator: Somebody) -> None:
    group(operator)
    place = operator.stores(PATH, {"mode": "add", "numbers": "+12155550100\r\n2155550101\r\n"})
    assert "2 numbers came or went" in operator.sees(place)
    assert "+12155550101" in operator.sees(f"{PATH}&number=%2B12155550101")
    assert "It is not in this group" in operator.sees(f"{PATH}&number=%2B12155550199")
    operator.stores(PATH, {"mode": "remove", "numbers": "+12155550100"})
    assert numbers(door) == ["+12155550101"]


def test_a_file_takes_the_place_of_the_numbers_there_are(door: Door, operator: Somebody) -> None:
    group(operator)
    operator.stores(PATH, {"mode": "add", "numbers": "+12155550100"})
    answer = send_file(operator, b"number\n+12155550102\n")
    assert answer.status_code == 303, answer.text
    assert numbers(door) == ["+12155550102"]
    assert "done" in operator.sees(PATH)


def test_lines_that_are_wrong_are_named_and_nothing_is_changed(door: Door, operator: Somebody) -> None:
    group(operator)
    answer = operator.sends(PATH, {"mode": "add", "numbers": "+12155550100\n1215*\nalice"})
    assert answer.status_code == 422
    assert "line 2" in answer.text and "line 3" in answer.text
    assert numbers(door) == []


def test_a_group_that_is_not_there_has_no_numbers(operator: Somebody) -> None:
    operator.sees(PATH, 404)
    assert operator.sends(PATH, {"mode": "add", "numbers": "+12155550100"}).status_code == 404


def test_a_mode_that_nobody_knows_changes_nothing(operator: Somebody) -> None:
    group(operator)
    assert operator.sends(PATH, {"mode": "shred", "numbers": "+12155550100"}).status_code == 400


def test_a_file_that_is_too_long_is_refused_before_it_is_read(operator: Somebody) -> None:
    group(operator)
    answer = send_file(operator, b"+12155550100", **{"Content-Length": str(2**31)})
    assert answer.status_code == 413


def test_parts_that_are_no_form_are_refused(operator: Somebody) -> None:
    group(operator)
    headers = {"Content-Type": "multipart/form-data"}
    assert operator.client.post(PATH, content=b"nonsense", headers=headers).status_code == 400

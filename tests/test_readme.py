"""The README keeps up: what it lists is what there is."""

import re
from pathlib import Path

import pytest

from gateway.stir.reasons import Reason

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CHECKS = README[README.index("## What an inbound call meets") : README.index("## Answers")]


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.value)
def test_every_reason_is_explained(reason: Reason) -> None:
    assert f"`{reason.value}`" in CHECKS


def test_no_reason_is_explained_that_does_not_exist() -> None:
    table = CHECKS[: CHECKS.index("`passed` is the name of the rest")]
    rows = [row.split("|")[3] for row in table.splitlines() if row.startswith("|")][2:]
    named = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row)}
    assert named <= {reason.value for reason in Reason}


@pytest.mark.parametrize("reason", [each for each in Reason if each.cause], ids=lambda reason: reason.value)
def test_the_table_gives_each_reason_its_cause(reason: Reason) -> None:
    row = next(row for row in CHECKS.splitlines() if row.startswith("|") and f"`{reason.value}`" in row)
    assert str(reason.cause) in row.split("|")[4]

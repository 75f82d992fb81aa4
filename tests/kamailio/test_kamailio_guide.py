"""The guide to door 3 says which scenarios it is not asked to play, and why."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.scenario import all_scenarios

GUIDE = Path(__file__).parents[2] / "deploy" / "kamailio.md"


def test_the_table_has_every_folder_that_door_3_is_not_asked_for_and_no_other() -> None:
    left_out = {each.name.partition("[")[0]: each.kamailio for each in all_scenarios() if each.kamailio}
    told = dict(
        re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert told == left_out

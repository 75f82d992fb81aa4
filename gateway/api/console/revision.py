"""What a form was made of: a form that changes something carries the revision that its maker saw."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.api.problems import Unfit


def revision_of(fields: Mapping[str, str]) -> int:
    """The revision that a form was made of; raises Unfit (400) where it says none."""
    text = fields.get("revision", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Unfit(400, "the form does not say which revision it was made of: load the page again")
    return int(text)

"""The files that say who is who in a run; in place of ports they have names, for each run has ports of its own."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
SMALL = HERE / "policy.toml"
FULL = HERE / "full.toml"


def written(file: Path, carrier: int, softswitch: int) -> str:
    """Such a file as TOML, with the ports at which the peers answer."""
    text = file.read_text().replace("{carrier}", str(carrier))
    return text.replace("{softswitch}", str(softswitch))

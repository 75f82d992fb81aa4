"""The guides keep up with what they are about: links lead somewhere, examples are accepted, what they name exists."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.deploy.guide import blocks

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
README = (ROOT / "README.md").read_text(encoding="utf-8")
VOS3000 = DEPLOY / "vos3000" / "README.md"
CAPACITY = DEPLOY / "capacity.md"
GUIDES = sorted(DEPLOY.rglob("*.md"))
PICTURES = sorted(DEPLOY.rglob("*.svg"))
GATEWAY = Path(sys.executable).parent / "gateway"
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_RULE = re.compile(r"`((?:[a-z]+\.)[a-z-]+)[^`]*`")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The headings of a Markdown file, as links name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path) -> list[str]:
    """The links of a file that lead nowhere in the project."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link for link in _LINK.findall(text) if not link.startswith("https://")]
    return [link for link in links if not _leads_somewhere(path, *link.partition("#")[::2])]


def _leads_somewhere(path: Path, file: str, anchor: str) -> bool:
    target = (path.parent / file).resolve() if file else path
    return target.is_file() and (not anchor or anchor in anchors(target))


def failing_calls() -> list[list[str]]:
    """The rows of the table of calls that fail: what is seen, the rule, where to look, what to do."""
    text = VOS3000.read_text(encoding="utf-8")
    rows = [line for line in text[text.index("## When a call fails") :].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


def test_a_link_that_leads_nowhere_would_be_found(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("# One\n[a](#one) [b](#two) [c](nowhere.md)\n")
    assert broken(guide) == ["#two", "nowhere.md"]


@pytest.mark.parametrize("path", [ROOT / "README.md", *GUIDES], ids=name)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_the_readme_leads_to_every_guide() -> None:
    linked = {ROOT / link.partition("#")[0] for link in _LINK.findall(README)}
    assert set(GUIDES) <= linked


@pytest.mark.parametrize("path", PICTURES, ids=name)
def test_a_picture_is_shown_and_can_be_heard(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    told = {child.tag.rpartition("}")[2]: child.text for child in root}
    assert told["title"] and told["desc"]
    assert any(f"]({path.name})" in guide.read_text() for guide in GUIDES)


def test_the_policy_of_the_guide_can_be_put_in_force(tmp_path: Path) -> None:
    policy = "\n".join(block.text for block in blocks(VOS3000) if block.language == "toml")
    (tmp_path / "policy.toml").write_text(policy)
    (tmp_path / "gateway.toml").write_text(
        '[node]\nstate_dir = "state"\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n'
    )
    command = [GATEWAY, "import", "policy.toml", "--config", "gateway.toml"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "4 peers, 2 routes" in said.stdout


def test_the_rules_that_are_looked_up_by_are_rules() -> None:
    named = {rule for row in failing_calls() for rule in _RULE.findall(row[1])}
    assert len(named) > 20
    known = set(re.findall(r"`([a-z]+)\.[^`]*`", README))
    assert [
        rule for rule in sorted(named) if f"`{rule}" not in README and rule.split(".")[0] not in known
    ] == []


def test_every_kind_of_rule_that_ends_a_call_can_be_looked_up() -> None:
    named = " ".join(row[1] for row in failing_calls())
    table = README[README.index("### Rule ids") : README.index("Reasons of numbers")]
    kinds = set(re.findall(r"`([a-z]+)\.", table)) - {"unsupported", "verified"}
    assert {kind for kind in kinds if f"`{kind}." not in named} == set()


@pytest.mark.parametrize("block", [b for b in blocks(DEPLOY / "install.md") if b.text.startswith("[store]")])
def test_a_setting_that_is_written_down_is_one(block: object, tmp_path: Path) -> None:
    from gateway.config import load

    text = (DEPLOY / "gateway.toml").read_text().replace("[store]\n", block.text)  # type: ignore[attr-defined]
    (tmp_path / "gateway.toml").write_text(text)
    assert load(tmp_path / "gateway.toml").database_url.startswith("postgresql:")


def test_the_guide_installs_the_release_that_it_is_part_of() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"release=/opt/vos3000-stir-gateway/{version}\n" in (DEPLOY / "install.md").read_text()


def test_the_figures_are_those_that_were_measured() -> None:
    figures = README[README.index("## Figures") : README.index("## Limits of this version")]
    text = CAPACITY.read_text()
    table = text[text.index("| what | measured |") : text.index("Two things bound a node")]
    measured = [row.strip("|").split("|")[1].strip() for row in table.splitlines()[2:] if row]
    assert len(measured) >= 5
    assert [figure for figure in measured if figure not in figures] == []

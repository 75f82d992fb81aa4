"""`gateway import` and `gateway export`: a policy on its way into the store and out of it, at the shell."""

import stat
from pathlib import Path

import pytest

from gateway.cli import main

ROOT = Path(__file__).parents[1]
LAB = ROOT / "deploy" / "lab-policy.toml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration of a node that nothing was imported into yet."""
    path = tmp_path / "gateway.toml"
    path.write_text('[node]\nstate_dir = "state"\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n')
    return path


def run(config: Path, command: str, *arguments: object) -> int:
    return main([command, *map(str, arguments), "--config", str(config)])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.toml", "[[areas]]\nprefix = 'x'\nname = 'X'\n", "x.toml:1: 'X' areas[0].prefix"),
        ("x.toml", "[[routes]]\nprefix = ''\nto = ['x']\n", "x.toml:1: route 'default': peer 'x' does not"),
        ("areas.csv", "prefix,name\n1,x\n\n1,y\n", "areas.csv:4: 'y' areas[1]: area '1' is written twice"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_nothing_changes(
    config: Path, name: str, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(config, "import", LAB)
    (config.parent / name).write_text(text)
    assert run(config, "import", config.parent / name) == 2
    *errors, last = capsys.readouterr().err.splitlines()
    assert said in "\n".join(errors)
    assert last.startswith(
        f"gateway: {config.parent / name} has one mistake, the policy in force stays; do: "
    )
    run(config, "import", LAB)
    assert "revision 1: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "nothing.toml"], "nothing.toml: No such file or directory; do: check the path"),
        (["import", LAB, "--as", "pears"], "there is no resource 'pears'; do: name one of parameters"),
        (["import", LAB, "--as", "list-groups/x/numbers"], "there is no list group 'x'; do: make it first"),
        (["export", "--format", "csv"], "a CSV holds one resource; do: name it with --as"),
        (["export", "--as", "pears"], "there is no resource 'pears'; do: "),
        (["export", "/nowhere/policy.toml"], "No such file or directory; do: check the path"),
    ],
    ids=lambda value: " ".join(map(str, value[:3])) if isinstance(value, list) else None,
)
def test_a_user_s_mistake_is_one_line(
    config: Path, arguments: list[object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, str(arguments[0]), *arguments[1:]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_database_that_does_not_answer_is_one_line_without_its_password(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with config.open("a") as file:
        file.write(f'[store]\ndatabase_url = "postgresql://u:hunter2@/d?host={config.parent}"\n')
    assert run(config, "import", LAB) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "; do: see that the database runs" in line
    assert "hunter2" not in line


def test_import_says_what_it_did(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "import", LAB) == 0
    said = capsys.readouterr().out
    assert "1 address-ranges, 3 accounts, 1 number-sections" in said
    assert "accounts: 3 added;" in said
    assert "within 2 seconds" in said


def test_to_merge_keeps_what_the_file_does_not_name(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, "import", LAB)
    (config.parent / "more.toml").write_text('[[accounts]]\nid = "more"\nname = "More"\n')
    assert run(config, "import", config.parent / "more.toml", "--merge") == 0
    assert "(changed: accounts: 1 added)" in capsys.readouterr().out


def test_what_was_exported_is_the_policy_and_its_owner_s_alone(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(config, "import", LAB)
    path = config.parent / "policy.toml"
    assert run(config, "export", path) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    capsys.readouterr()
    assert run(config, "import", path) == 0
    assert "(changed: nothing)" in capsys.readouterr().out


def test_an_export_goes_through_a_link_and_into_a_device_and_leaves_them_there(config: Path) -> None:
    run(config, "import", LAB)
    file, link = config.parent / "policy.toml", config.parent / "link.toml"
    link.symlink_to(file)
    assert run(config, "export", link) == 0
    assert (link.is_symlink(), file.stat().st_size > 0) == (True, True)
    link.unlink()
    link.symlink_to("/dev/null")
    assert run(config, "export", link) == 0
    assert link.is_char_device()


@pytest.mark.parametrize("url", ["sqlite:///", "postgresql://gw:p@hunter2@db/gw"])
def test_a_database_url_that_cannot_be_read_is_one_line_without_its_password(
    config: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(f'{config.read_text()}[store]\ndatabase_url = "{url}"\n')
    assert run(config, "import", LAB) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "; do: write" in line
    assert "hunter2" not in line


def test_one_resource_goes_to_standard_output(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, "import", LAB)
    capsys.readouterr()
    assert run(config, "export", "--as", "number-sections", "--format", "csv") == 0
    assert capsys.readouterr().out == (
        "name,begin,end,account\nacme-philadelphia,+12155550100,+12155550199,acme\n"
    )


def test_numbers_of_a_group_come_and_go(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "g.toml").write_text('[[list-groups]]\nname = "scam"\n')
    numbers = config.parent / "scam.csv"
    numbers.write_text("".join(f"{2_150_000_000 + place}\n" for place in range(100_001)))
    run(config, "import", config.parent / "g.toml")
    assert run(config, "import", numbers, "--as", "list-groups/scam/numbers") == 0
    said = capsys.readouterr()
    assert "100,000 lines ..." in said.err
    assert "revision 2: 100001 numbers (changed: numbers: 100001 changed)" in said.out
    assert run(config, "export", numbers, "--as", "list-groups/scam/numbers") == 0
    assert numbers.read_text().startswith("number\n+12150000000\n+12150000001\n")

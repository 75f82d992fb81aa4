"""`gateway user` and `gateway token`: who is let in, said at the shell."""

from pathlib import Path

import pytest

from gateway.access.passwords import Hasher
from gateway.access.permissions import Permission, Role
from gateway.access.tokens import digest
from gateway.cli import main
from gateway.store.access import AccessStore
from gateway.store.database import open_database


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('[node]\nstate_dir = "state"\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n')
    return path


def run(config: Path, *words: str) -> int:
    return main([*words, "--config", str(config)])


def access(config: Path) -> AccessStore:
    return AccessStore(open_database(f"sqlite:///{config.parent / 'state' / 'gateway.db'}"), lambda: 0.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["user", "add", "Alice", "--role", "admin", "--make-up"], "'Alice' is no name; do: write small"),
        (
            ["user", "add", "alice", "--role", "admin", "--from", "weak.txt"],
            "guessed first; do: choose another",
        ),
        (["user", "add", "alice", "--role", "admin", "--from", "none.txt"], "No such file"),
        (["user", "add", "alice", "--role", "admin"], "nobody to ask for a password; do: give --from"),
        (["user", "disable", "alice"], "there is no user 'alice'; do: "),
        (["token", "add", "x", "--permit", "read", "--lasts", "90"], "--lasts '90': write a duration"),
        (["token", "add", "x", "--permit", "read", "--lasts", "9999d"], "ten years at most"),
        (["token", "revoke", "x"], "there is no token 'x'; do: "),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    config: Path,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(config.parent)
    Path("weak.txt").write_text("password1234\n")
    assert run(config, *words) == 2
    assert said in capsys.readouterr().err


def test_the_first_admin_is_made_with_a_password_that_is_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "user", "add", "alice", "--role", "admin", "--make-up") == 0
    password = capsys.readouterr().out.strip()
    user = access(config).directory().users["alice"]
    assert user.role is Role.ADMIN
    assert Hasher().verify(user.password, password)
    assert run(config, "user", "remove", "alice") == 2
    assert "'alice' is the last admin; do: make another one first" in capsys.readouterr().err


def test_a_user_is_changed_and_listed(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "new.txt").write_text("four quiet words here\n")
    assert run(config, "user", "add", "bob", "--role", "auditor", "--make-up") == 0
    assert run(config, "user", "password", "bob", "--from", str(config.parent / "new.txt")) == 0
    assert run(config, "user", "role", "bob", "operator") == 0
    assert run(config, "user", "disable", "bob") == 0
    capsys.readouterr()
    assert run(config, "user", "list") == 0
    assert capsys.readouterr().out.split() == ["bob", "operator", "disabled", "password"]
    assert Hasher().verify(access(config).directory().users["bob"].password, "four quiet words here")


def test_a_token_is_all_that_is_printed_on_standard_output(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "token", "add", "sbc", "--permit", "stir", "--permit", "read") == 0
    text = capsys.readouterr().out.strip()
    token = access(config).directory().tokens[digest(text)]
    assert (token.name, token.permissions) == ("sbc", {Permission.STIR, Permission.READ})
    assert run(config, "token", "list") == 0
    listed = capsys.readouterr().out
    assert "sbc" in listed
    assert text not in listed
    assert run(config, "token", "revoke", "sbc") == 0
    assert not access(config).directory().tokens

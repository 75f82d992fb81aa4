"""The shell: what is asked is answered, and a mistake is one line that says what to do."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway import lab
from gateway.cli import main
from gateway.stir import identity
from gateway.store.database import open_database
from gateway.store.store import Store

REPOSITORY = Path(__file__).parent.parent
X5U = "https://certificates.example.com/616H.pem"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("state")
    lab.prepare(directory, time.time())
    return directory


@pytest.fixture
def key(state: Path) -> str:
    return str(state / "pki" / "616H.key")


def sign_arguments(own_key: str, **changed: str | None) -> list[str]:
    options = {
        "orig": "+12155550100",
        "dest": "+12155550123",
        "attest": "A",
        "key": own_key,
        "x5u": X5U,
        **changed,
    }
    return [
        "sign",
        *(part for name, value in options.items() if value is not None for part in (f"--{name}", value)),
    ]


def claims(value: str, key: str) -> dict[str, object]:
    public = load_pem_private_key(Path(key).read_bytes(), None).public_key()
    token = identity.parse(value.strip()).token
    return jwt.decode(token, public, ["ES256"], options={"verify_iat": False})  # type: ignore[arg-type]


MISTAKES = {
    "orig-missing": ({"orig": None}, "--orig missing"),
    "two-missing": ({"orig": None, "attest": None}, "--orig and --attest missing"),
    "orig-no-number": ({"orig": "alice"}, "--orig: not-a-number"),
    "dest-ambiguous": ({"dest": "5"}, "--dest: too-short"),
    "attest": ({"attest": "D"}, "--attest: must be A, B or C"),
    "origid": ({"origid": "1"}, "--origid: must be a UUID"),
    "iat": ({"iat": "0"}, "--iat: must be a positive"),
    "key": ({"key": "/nowhere.key"}, "/nowhere.key does not exist; do: check the path"),
    "x5u": ({"x5u": "nowhere"}, "--x5u 'nowhere'"),
    "country": ({"country": "XX"}, "--country"),
}


@pytest.mark.parametrize(("changed", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line(
    key: str, capsys: pytest.CaptureFixture[str], changed: dict[str, str | None], said: str
) -> None:
    assert main(sign_arguments(key, **changed)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("gateway: ")
    assert said in line
    assert "; do: " in line


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["sign"], ["inspect"], ["sign", "--batch", "file"]],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_wrong_usage_is_exit_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_signs_a_call(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    origid = "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10"
    assert main(sign_arguments(key, iat="1800000000", origid=origid)) == 0
    assert claims(capsys.readouterr().out, key) == {
        "attest": "A",
        "dest": {"tn": ["12155550123"]},
        "iat": 1800000000,
        "orig": {"tn": "12155550100"},
        "origid": origid,
    }


def test_what_is_not_given_is_made(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = int(time.time())
    main(sign_arguments(key))
    first = claims(capsys.readouterr().out, key)
    main(sign_arguments(key))
    second = claims(capsys.readouterr().out, key)
    assert before <= first["iat"] <= time.time()  # type: ignore[operator]
    assert first["origid"] != second["origid"]


def test_a_batch_is_answered_line_by_line(key: str) -> None:
    request = {"orig": "+12155550100", "dest": ["+12155550123"], "attest": "B"}
    lines = [json.dumps(request), "", "nonsense", json.dumps({**request, "attest": "D"}), json.dumps(request)]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "sign", "--batch", "-", "--key", key, "--x5u", X5U],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, third, fourth = map(json.loads, done.stdout.splitlines())
    assert claims(first["identity"], key)["attest"] == "B"
    assert second["error"]["reason"] == "not-json"
    assert third["error"]["field"] == "attest"
    assert "identity" in fourth


def test_inspect_reads_what_sign_wrote(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(sign_arguments(key))
    value = capsys.readouterr().out.strip()
    assert main(["inspect", f"Identity: {value}"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["claims"]["orig"] == {"tn": "12155550100"}
    assert found["remarks"] == []


def test_inspect_of_nonsense_is_bad_news_but_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "nonsense"]) == 1
    assert json.loads(capsys.readouterr().out)["remarks"]


def test_import_puts_a_policy_in_force(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = REPOSITORY / "deploy" / "lab-policy.toml"
    assert main(["import", str(policy), "--config", str(state / "gateway.toml")]) == 0
    assert "3 accounts" in capsys.readouterr().out


def test_import_tells_every_mistake_and_changes_nothing(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(open_database(f"sqlite:///{state / 'gateway.db'}"), time.time)
    in_force = store.revision()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[[accounts]]\nid = "x"\nnmae = "X"\n')
    assert main(["import", str(wrong), "--config", str(state / "gateway.toml")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert "did you mean 'name'" in "".join(said)
    assert said[-1].startswith("gateway: ")
    assert store.revision() == in_force


@pytest.mark.parametrize("command", [["import", "policy.toml"], ["doctor"], ["run"]], ids=lambda c: c[0])
def test_without_a_configuration_nothing_starts(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--config", str(tmp_path / "none.toml")]) == 2
    assert "--config" in capsys.readouterr().err


def test_a_configuration_s_mistakes_are_all_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("[nod]\n[sip]\nlisten = ['udp:host:1']\n")
    assert main(["doctor", "--config", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_doctor_speaks_to_people_and_to_programs(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(state / "gateway.toml")
    main(["doctor", "--config", config])
    shown = capsys.readouterr().out.splitlines()
    main(["doctor", "--config", config, "--json"])
    findings = json.loads(capsys.readouterr().out)
    assert len(shown) == len(findings)
    assert {"subject", "state", "text"} == findings[0].keys()


def test_version_is_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out.count(".") == 2


@pytest.mark.parametrize("command", ["sign", "batch"])
def test_a_reader_that_leaves_is_no_error(key: str, command: str) -> None:
    arguments = sign_arguments(key) if command == "sign" else [*sign_arguments(key), "--batch", "-"]
    nobody_reads, output = os.pipe()
    os.close(nobody_reads)
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        input=b'{"orig": "+12155550100", "dest": ["+12155550123"], "attest": "B"}\n',
        stdout=output,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(output)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_long_batch_is_answered_in_order(key: str) -> None:
    lines = [
        json.dumps({"orig": "+12155550100", "dest": [f"+1215555{n:04}"], "attest": "C"}) for n in range(2000)
    ]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "sign", "--batch", "-", "--key", key, "--x5u", X5U],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line)["identity"] for line in done.stdout.splitlines()]
    called = [claims(answer, key)["dest"] for answer in answers]
    assert called == [{"tn": [f"1215555{n:04}"]} for n in range(2000)]

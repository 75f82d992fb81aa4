"""`gateway verify` and `gateway lint`: the exit status, what is printed for programs and for people, and every mistake."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from certs import pem
from certs.builders import make_chain
from certs.lab import Lab
from gateway import lab
from gateway.cli import main
from gateway.commands.telling import told
from gateway.stir.reasons import Reason

X5U = "https://certificates.example.com/616H.pem"
ORIG, DEST = "+12155550100", "+12155550123"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("state")
    lab.prepare(directory, time.time())
    return directory / "pki"


@pytest.fixture
def identity(pki: Path, capsys: pytest.CaptureFixture[str]) -> str:
    return signed(pki, capsys, X5U)


def signed(pki: Path, capsys: pytest.CaptureFixture[str], x5u: str) -> str:
    main(
        [
            "sign",
            "--orig",
            ORIG,
            "--dest",
            DEST,
            "--attest",
            "A",
            "--key",
            str(pki / "616H.key"),
            "--x5u",
            x5u,
        ]
    )
    return capsys.readouterr().out.strip()


def arguments(pki: Path, identity: str | None, **changed: str | None) -> list[str]:
    options = {
        "identity": identity,
        "orig": ORIG,
        "dest": DEST,
        "anchors": str(pki / "root.pem"),
        "cert": str(pki / "616H.pem"),
    } | changed
    return ["verify", *(part for name, value in options.items() if value for part in (f"--{name}", value))]


def test_a_call_that_passes_is_exit_status_0(
    pki: Path, identity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(pki, identity)) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verstat"], found["attest"]) == ("TN-Validation-Passed", "A")
    assert found["headers"][0]["spc"] == "616H"


FAILS = {
    "another-caller": ({"orig": "+12155550101"}, "orig-mismatch"),
    "another-callee": ({"dest": "+12155550124"}, "dest-mismatch"),
    "no-number": ({"orig": "alice"}, "caller-unreadable"),
    "at-another-time": ({"now": "1"}, "iat-in-future"),
    "too-old-for-the-rules": ({"max-iat-age": "0", "now": "4000000000"}, "iat-stale"),
    "nonsense": ({"identity": "nonsense"}, "identity-malformed"),
    "key-for-a-certificate": ({"cert": "616H.key"}, "certificate-unreadable"),
    "root-for-a-leaf": ({"cert": "root.pem"}, "certificate-is-ca"),
    "list-signed-by-nobody-trusted": ({"crl": "crl.pem"}, "crl-untrusted"),
}


@pytest.mark.parametrize(("changed", "reason"), FAILS.values(), ids=FAILS)
def test_any_other_verdict_is_exit_status_1(
    pki: Path, identity: str, capsys: pytest.CaptureFixture[str], changed: dict[str, str], reason: str
) -> None:
    given = {name: str(pki / value) if name in ("cert", "crl") else value for name, value in changed.items()}
    assert main(arguments(pki, given.pop("identity", identity), **given)) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == reason


MISTAKES = {
    "no-identity": ({"identity": None}, "--identity missing"),
    "no-call": ({"orig": None, "dest": None}, "--orig and --dest missing"),
    "anchors": ({"anchors": "nowhere.pem"}, "--anchors cannot be used"),
    "anchors-are-a-list": ({"anchors": "crl.pem"}, "--anchors cannot be used"),
    "certificate": ({"cert": "nowhere.pem"}, "--cert "),
    "list": ({"crl": "nowhere.pem"}, "--crl "),
    "list-is-a-certificate": ({"crl": "root.pem"}, "--crl: unreadable"),
    "country": ({"country": "XX"}, "--country"),
}


@pytest.mark.parametrize(("changed", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_exit_status_2_and_says_what_to_do(
    pki: Path, identity: str, capsys: pytest.CaptureFixture[str], changed: dict[str, str | None], said: str
) -> None:
    files = ("anchors", "cert", "crl")
    given = {name: str(pki / value) if value and name in files else value for name, value in changed.items()}
    assert main(arguments(pki, given.pop("identity", identity), **given)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err.splitlines()[-1]
    assert "; do: " in captured.err.splitlines()[-1]


@pytest.mark.parametrize("beside", [True, False], ids=["beside-the-root", "alone"])
def test_a_leaf_among_the_anchors_is_left_out_with_a_warning(
    pki: Path, identity: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], beside: bool
) -> None:
    anchors = tmp_path / "anchors.pem"
    leaf = x509.load_pem_x509_certificates((pki / "616H.pem").read_bytes())[0]
    anchors.write_bytes(pem.chain(leaf) + ((pki / "root.pem").read_bytes() if beside else b""))
    main(arguments(pki, identity, anchors=str(anchors)))
    captured = capsys.readouterr()
    assert json.loads(captured.out)["reason"] == ("passed" if beside else "no-trust-anchors")
    assert captured.err.startswith(f"--anchors {anchors}: CN=SHAKEN 616H")
    assert captured.err.endswith("is not a CA and signs no revocation lists, so it is left out\n")


@pytest.mark.parametrize("now", ["nan", "inf", "today"])
def test_a_time_that_is_none_is_wrong_usage(pki: Path, identity: str, now: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments(pki, identity, now=now))
    assert caught.value.code == 2


def test_a_revoked_certificate_is_told(
    pki: Path, identity: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "pki"
    copy.mkdir(mode=0o700)
    for file in pki.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
        (copy / file.name).chmod(0o600)
    given = [*arguments(copy, identity, crl=str(copy / "crl.pem")), "--anchors", str(copy / "pa-root.pem")]
    assert main([*given, "--require-crl"]) == 0
    revoke(copy)
    assert main(given) == 1
    assert '"reason": "certificate-revoked"' in capsys.readouterr().out


def revoke(directory: Path) -> None:
    from datetime import UTC, datetime

    Lab(directory).revoke("616H", datetime.now(UTC))


@pytest.fixture
def host(pki: Path) -> Iterator[str]:
    """A URL on this machine at which the chain is served."""

    class Served(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write((pki / "616H.pem").read_bytes())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Served) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/616H.pem"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(["--allow-http", "--allow-private"], "passed", id="as-in-a-lab"),
        pytest.param([], "x5u-refused", id="http-is-refused"),
        pytest.param(["--allow-http"], "x5u-refused", id="a-private-address-is-refused"),
        pytest.param(
            ["--allow-http", "--allow-private", "--no-fetch"], "certificate-unreachable", id="fetches-nothing"
        ),
    ],
)
def test_a_certificate_that_is_not_given_is_fetched(
    pki: Path, host: str, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    value = signed(pki, capsys, host)
    main([*arguments(pki, value, cert=None), *options])
    assert json.loads(capsys.readouterr().out)["reason"] == reason


def batch(pki: Path, lines: list[str], *options: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "gateway.cli",
            "verify",
            "--batch",
            "-",
            "--anchors",
            str(pki / "root.pem"),
            *options,
        ],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_batch_is_answered_line_by_line_and_in_order(pki: Path, identity: str, host: str) -> None:
    call = {"identity": [identity], "orig": ORIG, "dest": DEST}
    given = {"certificates": {X5U: (pki / "616H.pem").read_text()}}
    lines = [
        json.dumps(call | given),
        "",
        "nonsense",
        json.dumps(call | given | {"dest": [ORIG]}),
        json.dumps(call | given),
    ]
    reasons = [each["reason"] for each in batch(pki, lines * 20)]
    assert reasons == ["passed", "request-malformed", "dest-mismatch", "passed"] * 20


def test_a_batch_fetches_what_its_lines_lack(
    pki: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps({"identity": signed(pki, capsys, host), "orig": ORIG, "dest": DEST})
    fetching = batch(pki, [line, line], "--allow-http", "--allow-private")
    assert [each["reason"] for each in fetching] == ["passed", "passed"]
    assert batch(pki, [line], "--no-fetch")[0]["reason"] == "certificate-unreachable"


def test_a_batch_goes_on_behind_a_line_without_end(pki: Path) -> None:
    first, second = batch(pki, ["x" * 3_000_000, "{}"])
    assert (first["detail"], second["detail"]) == ("too-long", "dest: not-a-list-of-strings")


def answer(**changed: Any) -> dict[str, Any]:
    header = {
        "reason": "passed", "detail": "", "orig": "12155550100", "dest": ["12155550123"], "div": None,
        "iat": 1767225600, "x5u": X5U, "subject": "CN=SHAKEN 616H", "spc": "616H",
    }  # fmt: skip
    passed = {
        "verstat": "TN-Validation-Passed",
        "reason": "passed",
        "detail": "",
        "attest": "A",
        "origid": "1",
    }
    return passed | {"headers": [header | changed.pop("header", {})]} | changed


def test_a_person_is_told_what_passed() -> None:
    assert told(answer()).splitlines() == [
        "TN-Validation-Passed: every check passed",
        "  attest     A",
        "  origid     1",
        "header 1: passed",
        "  call       12155550100 to 12155550123, 2026-01-01 00:00:00 UTC",
        f"  x5u        {X5U}",
        "  signed by  CN=SHAKEN 616H, SPC 616H",
    ]


@pytest.mark.parametrize(
    "reason", [each for each in Reason if each is not Reason.PASSED], ids=lambda r: r.value
)
def test_a_person_is_told_of_every_failure_whose_it_is_and_what_to_do(reason: Reason) -> None:
    lines = told(answer(reason=reason.value, detail="orig", verstat=reason.verstat, headers=[])).splitlines()
    assert lines[0] == f"{reason.verstat}: {reason.text}"
    assert f"  reason     {reason.value} (orig)" in lines
    assert f"  fault      {reason.fault}" in lines
    assert lines[-1].startswith("  to do      ")
    assert (f"  SIP        {reason.cause} {reason.phrase}" in lines) is (reason.cause is not None)


def test_a_stranger_s_control_characters_stay_off_the_terminal() -> None:
    shown = told(answer(header={"x5u": "https://e\x1b[2Jx/\r\n", "iat": 1e300, "div": "1"}))
    assert "https://e\ufffd[2Jx/\ufffd\ufffd" in shown
    assert "iat 1e+300" in shown
    assert "  diverted   by 1" in shown


def test_the_lab_s_certificates_depart_from_no_rule(pki: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("616H", "intermediate", "root", "pa-root"):
        assert main(["lint", str(pki / f"{name}.pem")]) == 0
        shown = capsys.readouterr().out
        assert shown.splitlines()[-1] == "0 failures, 0 warnings"
        assert "ATIS-1000080" in shown


def test_a_certificate_that_departs_from_the_profile_is_exit_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = make_chain(leaf=lambda leaf: leaf.without(x509.KeyUsage.oid))
    file = tmp_path / "chain.pem"
    file.write_bytes(pem.chain(chain.leaf, chain.intermediate.certificate))
    assert main(["lint", str(file)]) == 1
    assert "FAIL  key-usage                 missing  [ATIS-1000080 §6.4.1]" in capsys.readouterr().out
    assert main(["lint", str(file), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["failures"] >= 1
    found = [each for each in report["certificates"][0]["results"] if each["outcome"] == "fail"]
    assert found[0] == {
        "rule": "key-usage",
        "outcome": "fail",
        "clause": "ATIS-1000080 §6.4.1",
        "found": "missing",
    }


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_exit_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "file.pem"
    file.write_bytes(content)
    assert main(["lint", str(file)]) == 2
    assert main(["lint", str(tmp_path / "none.pem")]) == 2
    assert capsys.readouterr().err.count("; do: ") == 2


def test_lint_reads_standard_input(pki: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "lint", "-"],
        input=(pki / "616H.pem").read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")

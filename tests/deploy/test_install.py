"""deploy/install.md does what it says: its commands, one after the other, on a copy of this machine under real systemd.

The guide is played once, with calls in between; each test looks at one thing that came of it.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jwt
import pytest
from cryptography import x509

from tests.deploy.copied_machine import SECONDS, WORK, missing, run_in_copy, said
from tests.deploy.guide import Block, blocks

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "deploy" / "install.md"
SOURCES = ("CHANGELOG.md", "LICENSE", "README.md", "certs", "deploy", "gateway", "pyproject.toml")
UNIT = "vos3000-stir-gateway.service"
ONLINE = "2. The release"
STATED = {"192.0.2.10": "127.0.0.11", "198.51.100.20": "127.0.0.21", "0.0.0.0:5060": "127.0.0.2:5060"}
"""What the guide's examples say, and where that is in the copy."""

pytestmark = [
    pytest.mark.sip,
    pytest.mark.timeout(2 * SECONDS + 60),
    pytest.mark.skipif(bool(missing()), reason=f"this machine cannot be copied: {missing()}"),
]

# Calls through the node that the guide has set up: NAME, how long, and what the carrier got.
_FUNCTIONS = f"""\
serves() {{
    for turn in $(seq 20); do
        if runuser -u stirgw -- gateway doctor | grep -q 'serves calls'; then return 0; fi
        sleep 0.2
    done
    journalctl -u {UNIT} -o cat; return 1
}}
call() {{
    sipp -sf {WORK}/callee.xml -i 127.0.0.21 -p 5060 -m 1 -nostdin -timeout 20 -timeout_error \\
        -trace_msg -message_file {WORK}/$1.carrier >{WORK}/$1.callee.out 2>&1 & callee=$!
    sipp -sf {WORK}/caller.xml -inf {WORK}/numbers.csv -i 127.0.0.11 -p 5060 -d $2 -m 1 -nostdin -timeout 20 \\
        -timeout_error -trace_msg -message_file {WORK}/$1.softswitch 127.0.0.2:5060 >{WORK}/$1.caller.out 2>&1
    wait $callee
}}
key_is_made() {{
    token=$(runuser -u stirgw -- gateway token add test --permit certificates)
    for turn in $(seq 30); do
        if curl -sf -H "Authorization: Bearer $token" --json '{{"label": "new"}}' http://127.0.0.1:8080/v1/keys; then break; fi
        sleep 0.2
    done >{WORK}/key
    ls -l /var/lib/vos3000-stir-gateway/credentials /var/lib/vos3000-stir-gateway/credentials/keys >{WORK}/credentials
    systemd-run --quiet --wait --pipe --uid=stirgw -p LoadCredential=gateway-keys gateway doctor >{WORK}/doctor
}}
facts() {{
    systemctl show {UNIT} -p MainPID -p NRestarts -p Result -p ActiveState >{WORK}/$1.unit
    for process in $(cat /sys/fs/cgroup/systemd/system.slice/{UNIT}/cgroup.procs); do
        cat /proc/$process/cmdline | tr '\\0' ' '
        grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$process/status | tr '\\n' ' '
        echo
    done >{WORK}/$1.processes
}}
"""
_BEFORE = {
    "Upgrade": f"(call long 3000) & long=$!\nwhile ! grep -qs ^ACK {WORK}/long.carrier; do sleep 0.1; done"
}
_AFTER = {
    "8. Look, then start": "serves\ncall first 100\nfacts first\nkey_is_made",
    # What a back-up is for: the policy in force afterwards is a mistake.
    "Back up": "sed s/12155550100/12155550190/ policy.toml >/etc/vos3000-stir-gateway/mistaken.toml\n"
    "runuser -u stirgw -- gateway import /etc/vos3000-stir-gateway/mistaken.toml\n"
    "chmod 644 /etc/vos3000-stir-gateway/policy.toml",
    "Restore": "serves\ncall restored 100",
    "Upgrade": f"wait $long\nserves\ncall upgraded 100\nfacts upgraded\njournalctl -u {UNIT} -o cat >{WORK}/journal",
    "Uninstall": f"find /etc /opt /usr /var -name '*stir-gateway*' -not -path '/var/backups/*' >{WORK}/left\n"
    f"if id stirgw; then echo stirgw >>{WORK}/left; fi",
}


def _shell(block: Block) -> str:
    return f"\n# --- {block.heading}\n{block.text}"


def _script(guide: list[Block]) -> str:
    """Every command of the guide but those that need our network, with ours before and after each chapter's last block."""
    steps = [block for block in guide if block.language == "sh" and block.heading != ONLINE]
    first = {step.heading: step for step in reversed(steps)}
    last = {step.heading: step for step in steps}
    (online,) = (block.text for block in guide if block.language == "sh" and block.heading == ONLINE)
    lines = [_FUNCTIONS, online.splitlines()[0]]  # which release it is
    for step in steps:
        lines += [_BEFORE.get(step.heading, "")] if first[step.heading] is step else []
        lines += [_shell(step)]
        lines += [_AFTER.get(step.heading, "")] if last[step.heading] is step else []
    return "\n".join(lines)


def _stated(text: str) -> str:
    for there, here in STATED.items():
        text = text.replace(there, here)
    return text


def _sources(guide: list[Block], folder: Path) -> None:
    """The project as an operator has it, with the policy the guide shows and a configuration that was edited."""
    folder.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "out"))
        else:
            shutil.copy(ROOT / name, folder)
    (policy,) = (block for block in guide if block.heading == "6. Policy" and block.language == "toml")
    (folder / "policy.toml").write_text(_stated(policy.text))
    configuration = folder / "deploy" / "gateway.toml"
    configuration.write_text(_stated(configuration.read_text()))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what came of the guide."""
    folder = tmp_path_factory.mktemp("install")
    guide = blocks(GUIDE)
    _sources(guide, folder / "sources")
    for leg in ("caller.xml", "callee.xml"):
        shutil.copy(ROOT / "scenarios" / "bench" / leg, folder)
    (folder / "numbers.csv").write_text("SEQUENTIAL\n12155550123;12125550199\n")
    online = "".join(_shell(block) for block in guide if block.language == "sh" and block.heading == ONLINE)
    ended = run_in_copy(online, _script(guide), folder)
    assert ended, f"the guide did not end:\n{said(folder)}"
    return folder


def processes(played: Path, name: str) -> dict[str, dict[str, str]]:
    """The service's processes while calls were served: command line → facts of /proc."""
    pattern = re.compile(
        r"^(.*?) Uid:\s(\d+).*CapEff:\s(\w+).*CapBnd:\s(\w+).*NoNewPrivs:\s(\d).*Seccomp:\s(\d)"
    )
    lines = (played / f"{name}.processes").read_text().splitlines()
    found = [match.groups() for line in lines if (match := pattern.match(line))]
    return {
        row[0]: dict(zip(("uid", "effective", "bounding", "no-new", "seccomp"), row[1:], strict=True))
        for row in found
    }


def passport(played: Path, name: str) -> dict[str, object]:
    """The claims of the one token that the carrier got with that call, its signature checked."""
    seen = (played / f"{name}.carrier").read_text(errors="replace")
    (identity,) = re.findall(r"^Identity: ([^;\s]+)", seen, re.MULTILINE)
    chain = x509.load_pem_x509_certificates((played / "sources" / "shaken-2026.pem").read_bytes())
    return dict(jwt.decode(identity, chain[0].public_key(), algorithms=["ES256"]))  # type: ignore[arg-type]


def test_no_process_of_the_service_has_a_privilege(played: Path) -> None:
    found = processes(played, "first")
    assert any("gateway.sip.worker" in command for command in found)
    for facts in found.values():
        assert facts["uid"] != "0"
        assert int(facts["effective"], 16) == int(facts["bounding"], 16) == 0
        assert (facts["no-new"], facts["seccomp"]) == ("1", "2")


def test_the_restrictions_cost_the_service_nothing(played: Path) -> None:
    lines = [
        json.loads(line) for line in (played / "journal").read_text().splitlines() if line.startswith("{")
    ]
    assert [line for line in lines if line["level"] == "error"] == []
    assert "NRestarts=0" in (played / "upgraded.unit").read_text()


@pytest.mark.parametrize("name", ["first", "restored", "upgraded"])
def test_a_call_is_signed_by_the_installed_certificate(played: Path, name: str) -> None:
    assert passport(played, name)["attest"] == "A"


def test_a_call_that_is_up_outlives_an_upgrade(played: Path) -> None:
    heard = (played / "long.softswitch").read_text()
    assert "SIP/2.0 200" in heard.split("BYE sip:")[-1]


def test_the_call_log_is_in_the_journal(played: Path) -> None:
    assert '"rule": "attest.section:acme-philadelphia"' in (played / "journal").read_text()


def test_a_key_made_on_the_node_is_opened_by_the_passphrase_that_systemd_hands_over(played: Path) -> None:
    assert json.loads((played / "key").read_text())["label"] == "new"
    kept = (played / "credentials").read_text()
    assert ".pem" in kept
    assert " passphrase" not in kept
    assert "problem" not in (played / "doctor").read_text()


def test_nothing_is_left_after_the_last_chapter(played: Path) -> None:
    assert (played / "left").read_text() == ""

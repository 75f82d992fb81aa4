"""A policy file is good as a whole, or every mistake in it is told with its place."""

from pathlib import Path

import pytest

from gateway.policy.hops import NextHop
from gateway.policy.inbound import Tell, Verification
from gateway.policy.snapshot import PolicyData, PolicyError, compile_snapshot
from gateway.store import policy_file

LAB = Path(__file__).parents[2] / "deploy" / "lab-policy.toml"

GOOD = """
[[accounts]]
id = "acme"
name = "Acme"

[[number-sections]]
name = "first"
begin = "+1 (215) 555-0100"
end = "215-555-0199"
account = "acme"

[[peers]]
name = "switch"
role = "softswitch"
addresses = ["192.0.2.1", "2001:db8::/64"]
account = "acme"

[[peers]]
name = "carrier"
role = "carrier"
country = "GB"
next_hops = ["tls:[2001:db8::9]:5061", "udp:carrier.example"]
emergency = ["999"]
try_next_after = "1500ms"
tls = { ca = "/etc/ca.pem" }

[[routes]]
prefix = ""
to = ["carrier"]
"""


def errors(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        compile_snapshot(policy_file.parse(text.encode(), "policy.toml"))
    return caught.value.errors


def read(text: str) -> PolicyData:
    return policy_file.parse(text.encode(), "policy.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "acme"', 'id = "a c"', "policy.toml:2: 'Acme' accounts[0].id: String should match"),
        ('name = "Acme"', 'nmae = "Acme"', "accounts[0].nmae: unknown key; did you mean 'name'?"),
        ("[[accounts]]", "[[acounts]]", "acounts: unknown key; did you mean 'accounts'?"),
        ("[[number-sections]]", "[[sections]]", "sections: unknown key; did you mean 'number-sections'?"),
        (
            "215-555-0199",
            "nonsense",
            "policy.toml:6: 'first' number-sections[0].end: not a number: not-a-number",
        ),
        ("215-555-0199", "215-555-0099", "number-sections[0]: begin 12155550100 comes after end 12155550099"),
        ('role = "carrier"', 'role = "carier"', "policy.toml:18: 'carrier' peers[1].role: Input should be"),
        ("192.0.2.1", "192.0.2.1/24", "peers[0].addresses[0]: 192.0.2.1/24 has host bits set"),
        ("tls:[2001", "tsl:[2001", "peers[1].next_hops[0]: transport 'tsl' is not udp, tcp or tls"),
        ("1500ms", "1500", "peers[1].try_next_after: write a duration with its unit"),
        ('"GB"', '"XX"', "peers[1].country: no numbering plan"),
        ("tls = {", "tls = { key = 'x',", "peers[1].tls: certificate and key go together"),
        ('to = ["carrier"]', "to = []", "routes[0].to: Tuple should have at least 1 item"),
        ('prefix = ""', 'prefix = "+44"', "routes[0].prefix: String should match"),
        ('addresses = ["192.0.2.1", "2001:db8::/64"]', "", "peers[0]: needs addresses"),
        ('to = ["carrier"]', 'to = ["carier"]', "route 'default': peer 'carier' does not exist"),
        ("[[routes]]", "max_cps = true\n[[routes]]", "peers[1].max_cps"),
        ("[[routes]]", "max_cps = -1\n[[routes]]", "peers[1].max_cps"),
        ("[[routes]]", "refuse_with = 200\n[[routes]]", "peers[1].refuse_with"),
        ("[[routes]]", "[[routes", "policy.toml: not TOML"),
        (
            "[[routes]]",
            "verification = { unsigned = 'drop' }\n[[routes]]",
            "peers[1].verification.unsigned: Input should be 'tag'",
        ),
        (
            "[[routes]]",
            "verification = { unsignd = 'tag' }\n[[routes]]",
            "unsignd: unknown key; did you mean 'unsigned'?",
        ),
        (
            "[[routes]]",
            "verification = { trust_verstat = 1 }\n[[routes]]",
            "peers[1].verification.trust_verstat",
        ),
        ("[[routes]]", "tell = {}\n[[routes]]", "peers[1]: tell is for a softswitch"),
        (
            'account = "acme"\n\n[[peers]]',
            "verification = {}\n[[peers]]",
            "peers[0]: verification is for the calls of a carrier",
        ),
        (
            'account = "acme"\n\n[[peers]]',
            "tell = { verstatt = true }\n[[peers]]",
            "tell.verstatt: unknown key; did you mean 'verstat'?",
        ),
        ('account = "acme"\n\n[[peers]]', "tell = { display = { D = 'x' } }\n[[peers]]", "tell.display.D"),
        (
            'account = "acme"\n\n[[peers]]',
            'tell = { display = { A = "a\\u0000" } }\n[[peers]]',
            "tell.display.A: String should match",
        ),
        (
            'account = "acme"\n\n[[peers]]',
            "tell = { number_prefix = { failed = '+9' } }\n[[peers]]",
            "tell.number_prefix.failed",
        ),
        (
            'account = "acme"\n\n[[peers]]',
            "tell = { next_hops = { failed = [] } }\n[[peers]]",
            "tell.next_hops.failed: Tuple should",
        ),
        (
            'account = "acme"\n\n[[peers]]',
            "tell = { next_hops = { failed = ['tsl:x'] } }\n[[peers]]",
            "transport 'tsl' is not",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = errors(GOOD.replace(old, new))
    assert any(said in error for error in found), found


def test_every_mistake_is_told_at_once() -> None:
    wrong = GOOD.replace('"GB"', '"XX"').replace("1500ms", "soon").replace("215-555-0199", "?")
    assert len(errors(wrong)) == 3


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[" * 5000, b"a = " + b"[" * 5000], ids=["binary", "open", "deep"]
)
def test_what_is_not_toml_is_said_to_be_so(content: bytes) -> None:
    with pytest.raises(PolicyError, match="not TOML"):
        policy_file.parse(content, "policy.toml")


def test_reads_what_was_written() -> None:
    data = read(GOOD)
    switch, carrier = data.peers
    assert (data.sections[0].begin, data.sections[0].end) == ("12155550100", "12155550199")
    assert carrier.next_hops == (NextHop("tls", "2001:db8::9", 5061), NextHop("udp", "carrier.example", None))
    assert (switch.plan.country, carrier.plan.country) == ("US", "GB")
    assert carrier.try_next_after == 1.5
    assert carrier.tls is not None
    assert carrier.tls.ca == "/etc/ca.pem"
    assert data.routes[0].name == "default"


INBOUND = """
[[peers]]
name = "switch"
role = "softswitch"
next_hops = ["udp:192.0.2.1:5060"]

[peers.tell]
verstat = false
remote_party_id = true
display = { A = "[V] ", failed = "\u2717 " }
number_prefix = { failed = "999" }
next_hops = { failed = ["udp:192.0.2.1:5062", "tls:bad.example"] }

[[peers]]
name = "carrier"
role = "carrier"
addresses = ["192.0.2.9"]

[peers.verification]
require_identity = true
default = "continue"
replayed = "reject"
trust_verstat = true

[[routes]]
prefix = ""
to = ["switch"]
from_peer = "carrier"
"""


def test_reads_what_becomes_of_calls_that_come_in() -> None:
    switch, carrier = read(INBOUND).peers
    assert carrier.verification == Verification(
        require_identity=True, default="continue", replayed="reject", trust_verstat=True
    )
    assert switch.tell == Tell(
        verstat=False,
        remote_party_id=True,
        display={"A": "[V] ", "failed": "\u2717 "},
        number_prefix={"failed": "999"},
        next_hops={"failed": (NextHop("udp", "192.0.2.1", 5062), NextHop("tls", "bad.example", None))},
    )
    assert (switch.verification, carrier.tell) == (Verification(), Tell())
    compile_snapshot(read(INBOUND))


def test_numbers_are_read_in_the_country_of_the_file() -> None:
    data = read(
        'country = "GB"\n'
        + GOOD.replace("+1 (215) 555-0100", "020 7183 8750").replace("215-555-0199", "020 7183 8759")
    )
    assert data.sections[0].begin == "442071838750"


def test_the_revision_names_the_content() -> None:
    assert read(GOOD).revision == read(GOOD).revision != read(GOOD + "\n").revision


def test_the_lab_s_policy_is_good() -> None:
    snapshot = compile_snapshot(policy_file.load(LAB))
    assert {name for name, peer in snapshot.by_name.items() if peer.role == "carrier"} == {
        "carrier",
        "backup",
    }
    assert snapshot.inbound_routes.find("carrier", "12155550100") is not None
    assert snapshot.inbound_routes.find("backup", "12155550100") is None


def test_install_puts_a_good_policy_in_place(tmp_path: Path) -> None:
    data = policy_file.install(LAB, tmp_path / "state")
    assert policy_file.load(tmp_path / "state" / "policy.toml") == data
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["policy.toml"]


def test_install_leaves_a_policy_in_place_when_the_new_one_is_wrong(tmp_path: Path) -> None:
    policy_file.install(LAB, tmp_path)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(GOOD.replace('to = ["carrier"]', 'to = ["nobody"]'))
    with pytest.raises(PolicyError):
        policy_file.install(wrong, tmp_path)
    assert policy_file.load(tmp_path / "policy.toml") == policy_file.load(LAB)

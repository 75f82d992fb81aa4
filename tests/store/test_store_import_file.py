"""A file is imported whole or not at all, and every mistake in it is told with its line."""

from pathlib import Path
from typing import Any

import pytest
from policies import WHO, policy

from gateway.policy.hops import NextHop
from gateway.policy.inbound import Tell, Verification
from gateway.policy.snapshot import PolicyData, PolicyError, compile_snapshot
from gateway.store.errors import NotThere
from gateway.store.import_file import import_file
from gateway.store.store import Store

ROOT = Path(__file__).parents[2]
LAB = ROOT / "deploy" / "lab-policy.toml"
SCENARIOS = ROOT / "scenarios" / "parts" / "policy.toml"

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


class Desk:
    """A store, and files to import into it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self._folder = store, folder

    def take(self, text: str | bytes, name: str = "policy.toml", **asked: Any) -> Any:
        path = self._folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_file(self.store, path, WHO, **asked)

    def read(self, text: str) -> PolicyData:
        self.take(text)
        return self.store.policy()

    def errors(self, text: str | bytes, name: str = "policy.toml", **asked: Any) -> list[str]:
        before = self.store.revision()
        with pytest.raises(PolicyError) as caught:
            self.take(text, name, **asked)
        assert self.store.revision() == before
        return [error.removeprefix(f"{self._folder}/") for error in caught.value.errors]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


# TOML


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
        (
            'to = ["carrier"]',
            'to = ["carier"]',
            "policy.toml:27: route 'default': peer 'carier' does not exist",
        ),
        ("[[routes]]", "max_cps = true\n[[routes]]", "peers[1].max_cps"),
        ("[[routes]]", "max_cps = -1\n[[routes]]", "peers[1].max_cps"),
        ("[[routes]]", "refuse_with = 200\n[[routes]]", "peers[1].refuse_with"),
        ("[[routes]]", "[[routes", "policy.toml: not TOML"),
        ("[[routes]]", "[parameters]\ntime_zone = 'x'\n[[routes]]", "policy.toml:27: parameters.time_zone: "),
        (
            "[[routes]]",
            "[[accounts]]\nid = 'acme'\nname = 'B'\n[[routes]]",
            "policy.toml:27: 'B' accounts[1]: account 'acme' is written twice, first as accounts[0]",
        ),
        (
            "[[routes]]",
            "[[number-sections]]\nname = 'second'\nbegin = '2155550150'\nend = '2155550250'\n"
            "account = 'acme'\n[[routes]]",
            "policy.toml:27: number-section 'second' (12155550150-12155550250) overlaps 'first'",
        ),
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
def test_a_mistake_is_named_with_its_place(desk: Desk, old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = desk.errors(GOOD.replace(old, new))
    assert any(said in error for error in found), found


def test_every_mistake_is_told_at_once(desk: Desk) -> None:
    wrong = GOOD.replace('"GB"', '"XX"').replace("1500ms", "soon").replace("215-555-0199", "?")
    assert len(desk.errors(wrong)) == 3


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[" * 5000, b"a = " + b"[" * 5000], ids=["binary", "open", "deep"]
)
def test_what_is_not_toml_is_said_to_be_so(desk: Desk, content: bytes) -> None:
    (error,) = desk.errors(content)
    assert error.startswith("policy.toml: not TOML")


def test_reads_what_was_written(desk: Desk) -> None:
    data = desk.read(GOOD)
    switch, carrier = sorted(data.peers, key=lambda peer: peer.name, reverse=True)
    (section,) = data.sections  # type: ignore[misc]
    assert (section.begin, section.end) == ("12155550100", "12155550199")
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


def test_reads_what_becomes_of_calls_that_come_in(desk: Desk) -> None:
    data = desk.read(INBOUND)
    switch, carrier = sorted(data.peers, key=lambda peer: peer.name, reverse=True)
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
    compile_snapshot(data)


def test_numbers_are_read_in_the_country_of_the_file(desk: Desk) -> None:
    data = desk.read(
        'country = "GB"\n'
        + GOOD.replace("+1 (215) 555-0100", "020 7183 8750").replace("215-555-0199", "020 7183 8759")
    )
    assert [section.begin for section in data.sections] == ["442071838750"]  # type: ignore[union-attr]


def test_the_lab_s_policy_is_good(desk: Desk) -> None:
    snapshot = compile_snapshot(desk.read(LAB.read_text()))
    assert {name for name, peer in snapshot.by_name.items() if peer.role == "carrier"} == {
        "carrier",
        "backup",
    }
    assert snapshot.inbound_routes.find("carrier", "12155550100") is not None
    assert snapshot.inbound_routes.find("backup", "12155550100") is None


def test_a_file_that_is_not_there_is_an_os_error(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        import_file(desk.store, tmp_path / "nothing.toml", WHO)


# CSV


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "areas.csv: empty; write the names of the columns first: prefix, name"),
        ("prefix,nmae\n1,x\n", "areas.csv:1: unknown column 'nmae'; did you mean 'name'?"),
        ("prefix,name,memo\n1,x,y\n", "areas.csv:1: unknown column 'memo'; known here: prefix, name"),
        ("prefix,name,name\n1,x,y\n", "areas.csv:1: column 'name' stands twice"),
        ("prefix,name\n1,x\n2\n", "areas.csv:3: 1 cells, but 2 columns"),
        ("prefix,name\n1,x,y\n", "areas.csv:2: 3 cells, but 2 columns"),
        ("prefix,name\n1,x\n12a,y\n", "areas.csv:3: 'y' areas[1].prefix: String should match"),
        ("prefix,name\n1,x\n44,y\n1,z\n", "areas.csv:4: 'z' areas[2]: area '1' is written twice"),
        ('prefix,name\n1,"x\n', "areas.csv:2: not CSV: unexpected end of data"),
        ('prefix,name\n1,"x"y\n', "areas.csv:2: not CSV: ',' expected after '\"'"),
        (b"prefix,name\n1,\xff\n", "areas.csv:2: not UTF-8"),
        (b"prefix,name\n1," + b"x" * 10_000_000, "areas.csv:2: longer than 65536 bytes"),
        (b"x" * 10_000_000, "areas.csv:1: longer than 65536 bytes"),
        ("name\nx\n", "areas.csv:2: 'x' areas[0].prefix: Field required"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_row_that_is_none_is_named_with_its_line(desk: Desk, text: str | bytes, said: str) -> None:
    found = desk.errors(text, "areas.csv")
    assert any(said in error for error in found), found
    assert max(map(len, found)) < 500


def test_every_row_that_is_wrong_is_told(desk: Desk) -> None:
    assert len(desk.errors("prefix,name\nx,1\ny,2\n44,UK\nz,3\n", "areas.csv")) == 3


def test_a_csv_whose_name_says_nothing_asks_for_it(desk: Desk) -> None:
    with pytest.raises(NotThere, match="there is no resource 'customers'; do: name one of parameters"):
        desk.take("id,name\n", "customers.csv")


@pytest.mark.parametrize(
    ("name", "asked"), [("areas.csv", {}), ("x.csv", {"target": "areas"}), ("x", {"target": "areas"})]
)
def test_a_csv_is_of_the_resource_it_is_called_by(desk: Desk, name: str, asked: dict[str, str]) -> None:
    desk.take("\ufeffprefix,name\r\n44,United Kingdom\r\n", name, **asked)
    (stored,) = desk.store.page("areas").entries
    assert stored.entry.written() == {"prefix": "44", "name": "United Kingdom"}


def test_cells_are_text_json_or_words(desk: Desk) -> None:
    desk.store.load(policy(), WHO)
    desk.take(
        "id,name,enabled,addresses,limits,kind\n"
        'acme,007,false,192.0.2.1 192.0.2.2,"{""cps"": 5}",\n'
        'bravo,Bravo,,"[""192.0.2.3""]",,transit\n',
        "accounts.csv",
    )
    acme, bravo = sorted(desk.store.policy().accounts, key=lambda account: account.id)
    assert (acme.name, acme.enabled, acme.kind, acme.terms.limits.cps) == ("007", False, "customer", 5)
    assert [str(network) for network in acme.addresses] == ["192.0.2.1/32", "192.0.2.2/32"]
    assert (bravo.enabled, len(bravo.addresses)) == (True, 1)


@pytest.mark.parametrize("cell", ["[" * 50_000, '"{"', "NaN", "1e999"], ids=lambda cell: cell[:5])
def test_a_cell_that_is_no_json_is_the_entry_s_mistake(desk: Desk, cell: str) -> None:
    (error,) = desk.errors(f"id,name,enabled\nx,X,{cell}\n", "accounts.csv")
    assert "accounts.csv:2: 'X' accounts[0].enabled" in error


def test_parameters_are_one_row(desk: Desk) -> None:
    desk.take("SS_CALLERALLOWLENGTH,time_zone\n18,Europe/Berlin\n", "parameters.csv")
    assert desk.store.policy().parameters.caller_length == 18
    assert "2 rows; there is one row" in desk.errors("time_zone\nUTC\nUTC\n", "parameters.csv")[0]


# Numbers of a group


def test_the_numbers_of_a_group_are_a_file_of_their_own(desk: Desk) -> None:
    desk.store.load(policy(), WHO)
    target = "list-groups/nuisance/numbers"
    loaded = desk.take("\ufeffnumber\r\n2155550199\r\n\r\n+442071838750\r\n", "x.csv", target=target)
    assert (loaded.counts, loaded.changes) == ({"numbers": 2}, {"numbers": {"changed": 4}})
    assert list(desk.store.every_number("nuisance")) == ["+12155550199", "+442071838750"]
    desk.take("0000\n", "x.csv", target=target, merge=True)
    assert list(desk.store.every_number("nuisance")) == ["+0000", "+12155550199", "+442071838750"]


def test_a_line_that_is_no_number_is_named_with_its_file(desk: Desk) -> None:
    desk.store.load(policy(), WHO)
    target = "list-groups/nuisance/numbers"
    assert desk.errors("2155550199\n2155*\n", "x.csv", target=target) == [
        "x.csv:2: '2155*' contains a wildcard; lists match in full, use a number transform or a prefix rule"
    ]
    assert desk.errors(b"1" * 10_000_000, "x.csv", target=target) == [
        "x.csv:1: longer than 65536 bytes; write an entry a line"
    ]


def test_progress_of_a_long_file_is_told(desk: Desk) -> None:
    told: list[int] = []
    rows = "".join(f"{1_000_000 + place},x\n" for place in range(20_000))
    desk.take(f"prefix,name\n{rows}", "areas.csv", progress=told.append)
    assert told == [10_000, 20_000]

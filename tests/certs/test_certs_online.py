"""The lab on the network, talked to by Let's Encrypt's own ACME client: what it refuses, then how it issues.

That client knows neither the identifier TNAuthList nor the challenge tkauth-01, so these two are sent by hand through it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import josepy
import pytest
from acme import client, messages
from acme.errors import Error as AcmeError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import pem
from certs.authority import new_key
from certs.builders import counted_serials
from certs.lab import Lab
from certs.ledger import Ledger
from certs.online import tokens
from certs.online.server import LabServer
from certs.online.sti_pa_http import PaAccount
from gateway.stir import tnauthlist
from gateway.trust.credential import TN_AUTH_LIST

SPC = "616H"
SCOPE = tnauthlist.encode([tnauthlist.Spc(SPC)])


class Raw(josepy.JSONDeSerializable):
    """Any JSON object as the payload of a request."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def to_partial_json(self) -> dict[str, Any]:
        return self.values

    @classmethod
    def from_json(cls, jobj: Any) -> Raw:
        return cls(**jobj)


class Party:
    """A client with an account key, and what it asks of the lab."""

    def __init__(self, server: LabServer) -> None:
        self.server, self.key = server, josepy.JWKEC(key=new_key())
        self.net = client.ClientNetwork(self.key, alg=josepy.ES256, user_agent="test")
        directory = client.ClientV2.get_directory(server.url("/acme/directory"), self.net)
        self.acme = client.ClientV2(directory, self.net)

    def register(self) -> messages.RegistrationResource:
        return self.acme.new_account(messages.NewRegistration(contact=("mailto:ops@example.test",)))

    def post(self, url: str, **payload: Any) -> httpx.Response:
        nonce = self.server.url("/acme/new-nonce")
        return self.net.post(url, Raw(**payload), new_nonce_url=nonce)  # type: ignore[return-value]

    def look(self, url: str) -> Any:
        nonce = self.server.url("/acme/new-nonce")
        return self.net.post(url, None, new_nonce_url=nonce).json()

    def order(self, value: str = tokens.base64url(SCOPE)) -> dict[str, Any]:
        made = self.post(
            self.server.url("/acme/new-order"), identifiers=[{"type": "TNAuthList", "value": value}]
        )
        return {**made.json(), "url": made.headers["Location"]}

    def token(self) -> str:
        return rfc_token(self.server, tokens.fingerprint(self.key.thumbprint())).json()["token"]

    def answer(self, order: dict[str, Any], token: str) -> Any:
        challenge = self.look(order["authorizations"][0])["challenges"][0]
        assert (challenge["type"], challenge["tkauth-type"]) == ("tkauth-01", "atc")
        self.post(challenge["url"], tkauth=token)
        return self.look(order["url"])


def rfc_token(
    server: LabServer, fingerprint: str, password: str = "secret", spc: str = SPC
) -> httpx.Response:
    atc = {
        "tktype": "TNAuthList",
        "tkvalue": tokens.base64url(SCOPE),
        "ca": False,
        "fingerprint": fingerprint,
    }
    return httpx.post(server.url(f"/at/account/{spc}/token"), json=atc, auth=("616H", password))


def csr(key: ec.EllipticCurvePrivateKey, scope: bytes = SCOPE) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"SHAKEN {SPC}")])
    builder = x509.CertificateSigningRequestBuilder(name)
    asked = builder.add_extension(x509.UnrecognizedExtension(TN_AUTH_LIST, scope), critical=False)
    return tokens.base64url(asked.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    lab = Lab(tmp_path_factory.mktemp("online") / "lab")
    lab.init(Ledger("http://127.0.0.1"), datetime.now(UTC), counted_serials())
    with LabServer(lab, (PaAccount(SPC, "secret", (SPC,)),), lambda: datetime.now(UTC)) as found:
        yield found


@pytest.fixture
def party(server: LabServer) -> Iterator[Party]:
    found = Party(server)
    yield found
    server.online.faults.set({})
    found.net.session.close()


# What is refused


def test_a_request_of_an_unknown_account_is_refused(party: Party) -> None:
    party.net.account = messages.RegistrationResource(
        body=messages.Registration(), uri=party.server.url("/acme/account/none")
    )
    with pytest.raises(messages.Error, match="accountDoesNotExist"):
        party.order()


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        pytest.param({"type": "dns", "value": "example.test"}, "unsupportedIdentifier", id="a host name"),
        pytest.param({"type": "TNAuthList", "value": "AAAA"}, "rejectedIdentifier", id="no TNAuthList"),
    ],
)
def test_an_order_for_anything_else_than_one_spc_is_refused(
    party: Party, identifier: dict[str, str], kind: str
) -> None:
    party.register()
    with pytest.raises(messages.Error, match=kind):
        party.post(party.server.url("/acme/new-order"), identifiers=[identifier])


@pytest.mark.parametrize("fault", ["wrong-fingerprint", "expired-token", "forged-token", "challenge-invalid"])
def test_a_token_that_does_not_vouch_for_the_account_ends_the_order(party: Party, fault: str) -> None:
    party.register()
    party.server.online.faults.set({fault: 1})
    order = party.order()
    after = party.answer(order, party.token())
    assert after["status"] == "invalid"
    assert after["error"]["type"] == "urn:ietf:params:acme:error:unauthorized"


def test_a_token_for_another_account_key_ends_the_order(party: Party) -> None:
    party.register()
    other = rfc_token(party.server, tokens.fingerprint(bytes(32))).json()["token"]
    assert party.answer(party.order(), other)["status"] == "invalid"


def test_an_order_is_not_finalized_before_its_challenge_is_answered(party: Party) -> None:
    party.register()
    with pytest.raises(messages.Error, match="orderNotReady"):
        party.post(party.order()["finalize"], csr=csr(new_key()))


def test_a_request_for_another_scope_than_the_order_is_refused(party: Party) -> None:
    party.register()
    order = party.order()
    party.answer(order, party.token())
    other = tnauthlist.encode([tnauthlist.Spc("709J")])
    with pytest.raises(messages.Error, match="badCSR"):
        party.post(order["finalize"], csr=csr(new_key(), other))


def test_the_sti_pa_gives_nothing_for_a_wrong_password(server: LabServer) -> None:
    assert rfc_token(server, "SHA256 00", password="guess").status_code == 403
    login = httpx.post(server.url("/api/v1/auth/login"), json={"userId": SPC, "password": "guess"})
    assert login.status_code == 401


def test_the_sti_pa_gives_nothing_to_who_has_not_logged_in(server: LabServer) -> None:
    atc = {
        "tktype": "TNAuthList",
        "tkvalue": tokens.base64url(SCOPE),
        "ca": False,
        "fingerprint": "SHA256 00",
    }
    asked = httpx.post(server.url(f"/api/v1/account/{SPC}/token"), json={"atc": atc})
    assert asked.status_code == 401


def test_a_private_file_of_the_lab_is_not_served(server: LabServer) -> None:
    for name in ("intermediate.key", "state.json", "..%2Fstate.json"):
        assert httpx.get(server.url(f"/certs/{name}")).status_code == 404


def test_a_fault_nobody_knows_is_refused(server: LabServer) -> None:
    assert httpx.put(server.url("/lab/faults"), json={"tired": 1}).status_code == 422


@pytest.mark.parametrize("fault", ["unavailable", "garbage"])
def test_a_fault_happens_as_often_as_it_was_asked_to(party: Party, fault: str) -> None:
    httpx.put(party.server.url("/lab/faults"), json={fault: 1})
    with pytest.raises((AcmeError, messages.Error, ValueError)):
        party.register()
    assert party.register().uri


# What it does


def test_a_bad_nonce_is_got_over_as_by_any_client(party: Party) -> None:
    party.server.online.faults.set({"bad-nonce": 1})
    assert party.register().uri


def test_a_certificate_is_issued_for_the_key_of_the_request_and_revoked_again(
    party: Party, server: LabServer
) -> None:
    party.register()
    order, key = party.order(), new_key()
    assert party.answer(order, party.token())["status"] == "ready"
    party.post(order["finalize"], csr=csr(key))
    found = party.look(order["url"])
    chain = party.net.post(found["certificate"], None, new_nonce_url=server.url("/acme/new-nonce")).content
    leaf, issuer = pem.certificates(chain)
    leaf.verify_directly_issued_by(issuer)
    assert leaf.public_key() == key.public_key()
    assert leaf.extensions.get_extension_for_oid(TN_AUTH_LIST).value.public_bytes() == SCOPE
    party.acme.revoke(leaf, 0)
    crl = x509.load_pem_x509_crl(httpx.get(server.url("/certs/crl.pem")).content)
    assert crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None


def test_an_order_that_is_worked_on_goes_on_when_the_fault_is_taken_away(party: Party) -> None:
    party.register()
    party.server.online.faults.set({"challenge-pending": None})
    order = party.order()
    assert party.answer(order, party.token())["status"] == "pending"
    party.server.online.faults.set({})
    assert party.look(order["url"])["status"] == "ready"


def test_a_token_comes_by_the_login_too_with_or_without_the_last_slash(server: LabServer) -> None:
    login = httpx.post(server.url("/api/v1/auth/login"), json={"userId": SPC, "password": "secret"}).json()
    atc = {
        "tktype": "TNAuthList",
        "tkvalue": tokens.base64url(SCOPE),
        "ca": False,
        "fingerprint": "SHA256 00",
    }
    for slash in ("", "/"):
        asked = httpx.post(
            server.url(f"/api/v1/account/{SPC}/token{slash}"),
            json={"atc": atc},
            headers={"Authorization": login["accessToken"]},
        )
        assert set(asked.json()) == {"status", "message", "token", "crl"}
        assert json.loads(josepy.b64decode(asked.json()["token"].split(".")[1]))["atc"] == atc


def test_the_chain_behind_a_token_is_served_where_the_token_says(server: LabServer) -> None:
    token = rfc_token(server, "SHA256 00").json()["token"]
    header = json.loads(josepy.b64decode(token.split(".")[0]))
    signer = pem.certificates(httpx.get(header["x5u"]).content)[0]
    root = pem.certificates(httpx.get(server.url("/certs/pa-root.pem")).content)[0]
    signer.verify_directly_issued_by(root)


def test_the_shell_serves_a_lab_until_it_is_told_to_end(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab")
    lab.init(Ledger("http://127.0.0.1"), datetime.now(UTC), counted_serials())
    words = [
        sys.executable,
        "-m",
        "certs",
        "serve",
        "--dir",
        str(lab.directory),
        "--account",
        "616H:a:b:616H",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        directory = next(line.split()[1] for line in process.stdout if line.startswith("ACME"))
        assert "newOrder" in httpx.get(directory).json()
        process.terminate()
        assert "stopped" in process.communicate()[0]
    assert process.returncode == 0

"""The life of a certificate over REST; what is refused leaves the one that signs untouched."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from fastapi.testclient import TestClient
from shared import asked_in

from certs import pem
from certs.builders import make_chain
from gateway.api.published import MEDIA_TYPE
from gateway.api.sidecar import Sidecar
from gateway.credentials.following import Following
from gateway.credentials.manifest_file import FILE
from gateway.credentials.outside import Outside
from gateway.trust.credential import Credential
from gateway.trust.values import Address, FetchRules
from tests.custody import CERTS_URL, ISSUER, Custody, issued
from tests.everybody import EVERYBODY

SUBJECT = {"spc": "616H", "country": "US", "organization": "Example Telecom"}


class World:
    """A sidecar over HTTP. `published`: what the public host serves instead of what this sidecar does, by path."""

    def __init__(self, folder: Path, configured: Credential | None = None) -> None:
        self.custody = Custody(folder, configured=configured)
        self.following = Following(
            self.custody.means.file,
            self.custody.keyring,
            configured,
            lambda: self.custody.trust.revocations,
        )
        self.published: dict[str, httpx.Response] = {}
        sidecar = Sidecar(
            self.following,
            edge=lambda: None,
            now=lambda: self.custody.now,
            access=EVERYBODY,
            custodian=self.custody.custodian,
            outside=Outside(
                FetchRules(), resolve=_resolve, transport=lambda: httpx.MockTransport(self._public)
            ),
        )
        self.client = TestClient(asked_in(sidecar))
        self.look()

    def look(self) -> None:
        self.following.changed()

    def _public(self, request: httpx.Request) -> httpx.Response:
        """The operator's web server in front of the sidecar."""
        found = self.published.get(request.url.path)
        served = self.client.get(request.url.path) if found is None else found
        return httpx.Response(served.status_code, stream=httpx.ByteStream(served.content))

    def make_key(self, label: str = "main") -> dict[str, Any]:
        answer = self.client.post("/v1/keys", json={"label": label})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def chain(self, label: str = "main", spc: str = "616H") -> bytes:
        made = self.make_key(label)["id"]
        return issued(self.custody.custodian.view().key(made), spc, self.custody.now)

    def install(self, chain: bytes, name: str | None = None, **headers: str) -> httpx.Response:
        query = {"name": name} if name else {}
        sent = {"Content-Type": MEDIA_TYPE, **headers}
        return self.client.post("/v1/certificates", params=query, content=chain, headers=sent)

    def installed(self, name: str, spc: str = "616H") -> str:
        answer = self.install(self.chain(f"key of {name}", spc), name)
        assert answer.status_code == 201, answer.text
        return name

    def activate(self, name: str, headers: dict[str, str] | None = None, **body: object) -> httpx.Response:
        return self.client.post(f"/v1/certificates/{name}/activate", json=body, headers=headers)

    def active(self, account: str | None = None) -> str | None:
        self.look()
        found = self.following.current.for_account(account)
        return found.name if found else None


async def _resolve(_host: str) -> list[Address]:
    return [ip_network("198.41.0.4").network_address]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "credentials")


@pytest.fixture
def signing(world: World) -> World:
    """One whose certificate "main" signs."""
    assert world.activate(world.installed("main")).status_code == 200
    assert world.active() == "main"
    return world


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status of a problem, and the reason its detail begins with."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["detail"].partition(":")[0]


ENCRYPTED = ISSUER.leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        pytest.param(make_chain().pem, (422, "no-key-for-certificate"), id="mismatched key"),
        pytest.param(
            make_chain(leaf_key=ec.generate_private_key(ec.SECP384R1())).pem,
            (422, "certificate-key"),
            id="wrong curve",
        ),
        pytest.param(ENCRYPTED, (422, "chain-holds-a-key"), id="encrypted PEM"),
        pytest.param(b"A" * 10_000_000, (413, "chain-too-long"), id="ten megabytes"),
        pytest.param(b"", (422, "certificate-unreadable"), id="nothing"),
        pytest.param(b"\0" * 100, (422, "certificate-unreadable"), id="zeroes"),
    ],
)
def test_a_bad_upload_is_a_clear_problem_and_changes_nothing(
    signing: World, chain: bytes, expected: tuple[int, str]
) -> None:
    before = signing.custody.custodian.view()
    assert told(signing.install(chain)) == expected
    assert signing.custody.custodian.view() == before
    assert signing.active() == "main"


def test_a_chain_that_lacks_its_intermediate_is_refused(signing: World) -> None:
    leaf, _ = x509.load_pem_x509_certificates(signing.chain("another"))
    assert told(signing.install(pem.chain(leaf))) == (422, "certificate-untrusted")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(400, (422, "certificate-expired"), id="expired"),
        pytest.param(-400, (422, "certificate-not-yet-valid"), id="the clock jumped back"),
    ],
)
def test_a_clock_that_is_wrong_installs_and_activates_nothing(
    signing: World, days: int, expected: tuple[int, str]
) -> None:
    waiting, chain = signing.installed("waiting"), signing.chain("another")
    signing.custody.now += days * 86_400
    assert told(signing.install(chain)) == expected
    assert told(signing.activate(waiting)) == expected
    assert signing.active() == "main"
    signing.custody.now -= days * 86_400
    assert signing.following.current.problem(signing.custody.now) is None


def test_an_upload_that_does_not_say_what_it_is_is_refused(world: World) -> None:
    answer = world.client.post(
        "/v1/certificates", content=world.chain(), headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 415


def test_what_breaks_the_profile_is_told_fault_by_fault(world: World) -> None:
    made = world.make_key()["id"]
    key = world.custody.custodian.view().key(made)
    nameless = x509.Name([])
    answer = world.install(world.custody.chain(key, leaf=lambda leaf: replace(leaf, subject=nameless)))
    assert told(answer) == (422, "profile-broken")
    assert len(answer.json()["errors"]) >= 3


@pytest.mark.parametrize(
    ("served", "detail"),
    [
        pytest.param(httpx.Response(404), "certificate-unreachable", id="not there"),
        pytest.param(httpx.Response(200, content=make_chain().pem), "another-chain", id="another chain"),
        pytest.param(httpx.Response(200, content=b"<html>"), "certificate-unreadable", id="a web page"),
        pytest.param(
            httpx.Response(200, content=ISSUER.pem * 100), "certificate-too-large", id="more than a chain"
        ),
    ],
)
def test_what_the_public_url_does_not_serve_is_not_activated(
    signing: World, served: httpx.Response, detail: str
) -> None:
    signing.installed("new")
    signing.published["/certs/new.pem"] = served
    answer = signing.activate("new")
    assert told(answer) == (409, "not-served")
    assert detail in answer.json()["detail"]
    assert signing.active() == "main"


def test_a_chain_without_its_intermediate_at_the_public_url_is_another_chain(signing: World) -> None:
    signing.installed("new")
    alone = x509.load_pem_x509_certificate(signing.client.get("/certs/new.pem").content)
    signing.published["/certs/new.pem"] = httpx.Response(200, content=pem.chain(alone))
    assert signing.client.post("/v1/certificates/new/check").json()["reason"] == "another-chain"


def test_what_is_forced_says_why_and_is_on_record(signing: World) -> None:
    signing.installed("new")
    signing.published["/certs/new.pem"] = httpx.Response(404)
    assert told(signing.activate("new", force=" ")) == (422, "reason-malformed")
    assert signing.activate("new", force="the web server follows").status_code == 200
    assert signing.active() == "new"
    after = signing.custody.changes[-1].after
    assert after is not None
    assert after["note"].endswith("the web server follows")


def test_of_two_rotations_at_once_one_is_told_to_read_again(signing: World) -> None:
    names = [signing.installed("one"), signing.installed("two")]
    tag = signing.client.get("/v1/certificates").headers["etag"]
    both, statuses = Barrier(2), list[int]()

    def rotate(name: str) -> None:
        both.wait()
        statuses.append(signing.activate(name, headers={"If-Match": tag}).status_code)

    threads = [Thread(target=rotate, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412]


def test_a_spoilt_manifest_is_told_and_what_signs_goes_on(signing: World) -> None:
    path = signing.custody.folder / FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert told(signing.client.get("/v1/certificates")) == (503, "credentials-unreadable")
    assert told(signing.client.post("/v1/keys", json={"label": "x"})) == (503, "credentials-unreadable")
    assert signing.active() == "main"
    alarms = signing.client.get("/readyz").json()["alarms"]
    assert any(alarm.startswith("credentials-unreadable: ") for alarm in alarms)
    assert signing.client.get("/certs/main.pem").status_code == 200


def test_the_configured_certificate_is_shown_and_cannot_be_changed(
    credential: Credential, tmp_path: Path
) -> None:
    world = World(tmp_path / "credentials", credential)
    (shown,) = world.client.get("/v1/certificates").json()["items"]
    assert (shown["name"], shown["state"], shown["active_for"]) == ("616H", "configured", [None])
    for action in ("activate", "retire", "revoke"):
        answer = world.client.post(f"/v1/certificates/616H/{action}", json={})
        assert told(answer) == (409, "configured-read-only")
    assert told(world.client.delete("/v1/certificates/616H")) == (409, "configured-read-only")


def test_rolling_back_the_first_activation_returns_to_the_configured_one(
    credential: Credential, tmp_path: Path
) -> None:
    world = World(tmp_path / "credentials", credential)
    world.custody.now = credential.not_before + 3600.0
    world.activate(world.installed("new"))
    assert world.active() == "new"
    assert world.client.post("/v1/certificates/rollback", json={}).json()["certificate"] is None
    assert world.active() == "616H"


@pytest.mark.parametrize(
    "path", ["/v1/keys/none", "/v1/certificates/none", "/v1/certificates/none/check", "/certs/none.pem"]
)
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    answer = world.client.post(path) if path.endswith("check") else world.client.get(path)
    assert answer.status_code == 404


def test_an_imported_key_and_its_passphrase_are_in_no_answer(world: World) -> None:
    sent = {"label": "old", "pem": ENCRYPTED.decode(), "passphrase": "wrong horse"}
    answer = world.client.post("/v1/keys", json=sent)
    assert told(answer) == (422, "passphrase-wrong")
    assert "wrong horse" not in answer.text
    answer = world.client.post("/v1/keys", json=sent | {"passphrase": "x"})
    assert answer.status_code == 201
    assert "PRIVATE" not in answer.text
    assert "PRIVATE" not in world.client.get("/v1/keys").text
    assert told(world.client.post("/v1/keys", json=sent | {"passphrase": "x"})) == (409, "key-known")


def test_a_key_too_long_for_one_is_a_mistake(world: World) -> None:
    answer = world.client.post("/v1/keys", json={"label": "x", "pem": "A" * 20_000})
    assert answer.status_code == 422
    assert "AAAA" not in answer.text
    assert world.client.post("/v1/keys", json={"label": "x", "pem": "A" * 10_000_000}).status_code == 413


def test_a_revoked_certificate_stops_what_it_would_sign_and_stays_published(signing: World) -> None:
    assert signing.client.post("/v1/certificates/main/revoke", json={"reason": "lost"}).status_code == 200
    signing.look()
    ready = signing.client.get("/readyz").json()
    assert [each["reason"] for each in ready["checks"] if each["name"] == "certificate"] == [
        "certificate.revoked"
    ]
    body = {
        "signingRequest": {
            "attest": "A",
            "dest": {"tn": ["12155551213"]},
            "iat": int(signing.custody.now),
            "orig": {"tn": "12155551212"},
            "origid": "123e4567-e89b-12d3-a456-426655440000",
        }
    }
    assert "certificate.revoked" in signing.client.post("/stir/v1/signing", json=body).text
    assert signing.client.get("/certs/main.pem").status_code == 200


def test_the_whole_life_of_a_certificate(world: World) -> None:
    client = world.client
    key = world.make_key("616H 2027")
    csr = client.post(f"/v1/keys/{key['id']}/csr", json=SUBJECT).json()["csr"]
    assert x509.load_pem_x509_csr(csr.encode()).is_signature_valid
    chain = issued(world.custody.custodian.view().key(key["id"]), now=world.custody.now)
    installed = world.install(chain, "616H-2027")
    assert installed.status_code == 201
    assert installed.json()["x5u"] == f"{CERTS_URL}616H-2027.pem"
    assert world.active() is None
    assert client.get("/certs/616H-2027.pem").content == chain
    assert client.post("/v1/certificates/616H-2027/check").json()["reason"] is None
    assert world.activate("616H-2027").json()["certificate"] == "616H-2027"
    assert world.active() == "616H-2027"

    world.activate(world.installed("616H-2028"))
    assert world.active() == "616H-2028"
    assert client.post("/v1/certificates/rollback", json={}).json()["certificate"] == "616H-2027"
    assert world.active() == "616H-2027"
    world.activate("616H-2028")
    assert client.post("/v1/certificates/616H-2027/retire", json={"reason": "replaced"}).status_code == 200
    assert told(world.activate("616H-2027")) == (409, "certificate-retired")
    assert client.get("/certs/616H-2027.pem").content == chain
    assert client.delete("/v1/certificates/616H-2027").status_code == 204
    assert client.delete(f"/v1/keys/{key['id']}").status_code == 204
    world.look()
    assert client.get("/certs/616H-2027.pem").status_code == 404
    states = {each["name"]: each["state"] for each in client.get("/v1/certificates").json()["items"]}
    assert states == {"616H-2028": "active"}


def test_metrics_tell_when_each_certificate_ends_and_for_whom_it_signs(signing: World) -> None:
    signing.activate(signing.installed("acme", "709J"), account="acme")
    signing.installed("spare")
    signing.look()
    text = signing.client.get("/metrics").text
    for name, scope, state in (
        ("main", "default", "active"),
        ("acme", "acme", "active"),
        ("spare", "", "installed"),
    ):
        labels = f'certificate="{name}",scope="{scope}",state="{state}"'
        assert f"stirgw_certificate_not_after_seconds{{{labels}}} " in text


def test_an_end_that_is_near_is_an_alarm(signing: World) -> None:
    signing.custody.now += 340 * 86_400
    alarms = signing.client.get("/readyz").json()["alarms"]
    assert any(alarm.startswith("certificate-ends: main signs for the default") for alarm in alarms)

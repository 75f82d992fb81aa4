"""Certificates, keys and ACME on pages: a certificate's whole life by forms, and what is refused."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from pages import elements, field
from shared import asked_in

from gateway.api.sidecar import Sidecar
from gateway.credentials.following import Following
from gateway.credentials.outside import Outside
from gateway.trust.values import Address, FetchRules
from tests.acme.world import world as acme_world
from tests.custody import Custody
from tests.everybody import EVERYBODY

PATH = "/console/certificates"


class Node:
    """A sidecar whose public host serves what it serves, until `away` says otherwise."""

    def __init__(self, folder: Path, acme: Any = None) -> None:
        self.custody, self.away = Custody(folder), False
        means = self.custody.means
        following = Following(means.file, self.custody.keyring, None, lambda: self.custody.trust.revocations)
        public = Outside(FetchRules(), resolve=_resolve, transport=lambda: httpx.MockTransport(self._public))
        sidecar = Sidecar(
            following,
            edge=lambda: None,
            now=lambda: self.custody.now,
            access=EVERYBODY,
            custodian=self.custody.custodian,
            outside=public,
            acme=acme,
        )
        self.client = TestClient(asked_in(sidecar), raise_server_exceptions=False, follow_redirects=False)
        self.following = following

    def _public(self, request: httpx.Request) -> httpx.Response:
        served = self.client.get(request.url.path)
        status = 404 if self.away else served.status_code
        return httpx.Response(status, stream=httpx.ByteStream(served.content))

    def sees(self, path: str = PATH, status: int = 200) -> str:
        self.following.changed()
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def sends(self, path: str, **fields: str) -> httpx.Response:
        """The answer to a form made of what there is now, unless it says otherwise."""
        now = {"revision": str(self.custody.custodian.view().revision)}
        return self.client.post(path, data=now | fields)

    def stores(self, path: str, **fields: str) -> str:
        answer = self.sends(path, **fields)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


async def _resolve(_host: str) -> list[Address]:
    return [ip_network("198.41.0.4").network_address]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "credentials")


def test_a_node_without_a_certificate_says_that_nothing_can_be_signed(node: Node) -> None:
    assert "nothing can be signed" in node.sees()


def test_a_key_is_made_and_a_certificate_asked_for(node: Node) -> None:
    place = node.stores("/console/keys", label="616H 2027")
    key = place.partition("?")[0]
    answer = node.sends(f"{key}/csr", spc="616H", country="US", organization="Example")
    assert "-----BEGIN CERTIFICATE REQUEST-----" in answer.text
    assert "PRIVATE" not in answer.text
    wrong = node.sends(f"{key}/csr", spc="616h", country="US", organization="Example")
    assert (wrong.status_code, "spc-malformed" in wrong.text) == (422, True)
    node.stores(f"{key}/remove")
    node.sees(key, 404)


def test_a_chain_is_installed_activated_and_rolled_back(node: Node) -> None:
    for name in ("one", "two"):
        key = node.custody.custodian.make_key(name)
        place = node.stores(PATH, chain=node.custody.chain(key).decode(), name=name)
        assert "Installed and published" in node.sees(place)
        node.stores(f"{PATH}/{name}/check")
        node.stores(f"{PATH}/{name}/activate", account="", force="")
    assert node.custody.active() == "two"
    assert "everybody" in node.sees()
    node.stores(f"{PATH}/rollback", account="")
    assert node.custody.active() == "one"


def test_a_chain_that_may_not_sign_is_refused_with_its_reason_and_kept_in_the_form(node: Node) -> None:
    answer = node.sends(PATH, chain="<b>no chain</b>", name="one")
    assert answer.status_code == 422
    assert "&lt;b&gt;no chain" in answer.text
    assert field(answer.text, "name") == "one"
    assert 'role="alert"' in answer.text


def test_a_certificate_that_is_not_served_is_activated_by_force_alone(node: Node) -> None:
    node.custody.installed("one")
    node.away = True
    assert node.sends(f"{PATH}/one/check").status_code == 409
    refused = node.sends(f"{PATH}/one/activate", account="", force="")
    assert (refused.status_code, "does not serve this chain" in refused.text) == (409, True)
    assert node.custody.active() is None
    node.stores(f"{PATH}/one/activate", account="", force="the web server is being moved")
    assert node.custody.active() == "one"


def test_of_two_rotations_at_once_the_second_is_told(node: Node) -> None:
    node.custody.installed("one")
    node.custody.installed("two")
    seen = str(node.custody.custodian.view().revision)
    node.stores(f"{PATH}/one/activate", revision=seen)
    assert node.sends(f"{PATH}/two/activate", revision=seen).status_code == 412
    assert node.sends(f"{PATH}/two/activate", revision="").status_code == 400
    assert node.custody.active() == "one"


def test_a_certificate_is_retired_revoked_and_deleted(node: Node) -> None:
    for name in ("one", "two"):
        node.custody.installed(name)
    node.stores(f"{PATH}/one/retire", reason="replaced")
    assert "replaced" in node.sees(f"{PATH}/one")
    node.stores(f"{PATH}/two/activate", account="")
    node.stores(f"{PATH}/two/revoke", reason="by the STI-CA")
    assert "certificate.revoked" in node.sees()
    assert node.sends(f"{PATH}/two/remove").status_code == 409
    node.stores(f"{PATH}/one/remove")
    node.sees(f"{PATH}/one", 404)


def test_a_certificate_near_its_end_is_an_alarm(node: Node) -> None:
    name = node.custody.installed("one")
    node.stores(f"{PATH}/{name}/activate", account="")
    end = node.custody.custodian.view().certificate(name).not_after
    node.custody.now = end - 6 * 86_400
    text = node.sees()
    assert "certificate-ends" in text
    assert '<span class="badge bad">6 days</span>' in text


def test_a_node_without_acme_shows_none(node: Node) -> None:
    assert "Ordered by ACME" not in node.sees()
    assert node.sends(f"{PATH}/acme/renew", order="616H").status_code == 409


@pytest.fixture
def ordering(tmp_path: Path) -> Iterator[tuple[Node, Any]]:
    with acme_world(tmp_path / "acme") as found:
        yield Node(tmp_path / "credentials", found.renewals), found


def test_an_order_is_shown_and_worked_on_when_asked(ordering: tuple[Node, Any]) -> None:
    node, found = ordering
    found.turn()
    text = node.sees()
    assert found.renewals.settings.directory in text
    names = [each["value"] for each in elements(text, "input") if each.get("name") == "order"]
    assert names == [each.called for each in found.renewals.settings.orders]
    node.stores(f"{PATH}/acme/renew", order=str(names[0]), how="dry-run")
    found.turn()
    assert "it would work" in node.sees()
    assert node.sends(f"{PATH}/acme/renew", order="nobody", how="now").status_code == 404

"""The sidecar's socket, spoken to over TLS: client certificates, keys, and whose word about an address is believed."""

import contextlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from doors import Door, open_door

from gateway.api.listening import tls_context, uvicorn_config
from gateway.config import Api, Config
from gateway.trust.keys import KeyRefused
from tests.integration.sipp import free_port, wait_for


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def issue(folder: Path, name: str, common_name: str, ca: str) -> None:
    """A certificate of a CA in the folder."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
    openssl(folder, "req", *key, "-subj", f"/CN={common_name}", "-out", f"{name}.csr")
    (folder / "san.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    signing = [
        "-CA",
        f"{ca}.pem",
        "-CAkey",
        f"{ca}.key",
        "-CAcreateserial",
        "-extfile",
        "san.ext",
        "-days",
        "2",
    ]
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for ca in ("ca", "strange-ca"):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{ca}.key"]
        openssl(folder, "req", "-x509", *key, "-subj", f"/CN={ca}", "-days", "2", "-out", f"{ca}.pem")
    issue(folder, "server", "gateway", "ca")
    issue(folder, "sbc", "sbc-1.example.net", "ca")
    issue(folder, "unlisted", "sbc-2.example.net", "ca")
    issue(folder, "stranger", "sbc-1.example.net", "strange-ca")
    return folder


def api_table(pki: Path, port: int, **more: Any) -> dict[str, Any]:
    return {
        "listen": f"127.0.0.1:{port}",
        "tls_certificate": pki / "server.pem",
        "tls_key": pki / "server.key",
        **more,
    }


@contextlib.contextmanager
def serving(folder: Path, api: dict[str, Any]) -> Iterator[Door]:
    """A door that listens as it is configured."""
    with open_door(folder, api=api) as door:
        tables = {"node": {"state_dir": str(folder)}, "sip": {"listen": ["udp:127.0.0.2:5060"]}, "api": api}
        server = uvicorn.Server(uvicorn_config(Config.model_validate(tables).api, door.app))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive(), "the sidecar to listen")
            yield door
        finally:
            server.should_exit = True
            thread.join()


def client(pki: Path, name: str | None = None) -> httpx.Client:
    context = ssl.create_default_context(cafile=pki / "ca.pem")
    if name:
        context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
    return httpx.Client(verify=context, trust_env=False)


def test_a_listed_client_certificate_is_let_in_and_no_other(tmp_path: Path, pki: Path) -> None:
    port = free_port("127.0.0.1")
    listed = {"sbc-1.example.net": ["stir"]}
    table = api_table(pki, port, client_ca=pki / "ca.pem", client_subjects=listed)
    url = f"https://127.0.0.1:{port}"
    with serving(tmp_path, table):
        with client(pki, "sbc") as sbc:
            assert (
                sbc.post(f"{url}/stir/v1/signing", json={}).status_code == 400
            )  # let in, and not understood
            assert sbc.get(f"{url}/v1/accounts").status_code == 403
        with client(pki, "unlisted") as unlisted:
            assert unlisted.post(f"{url}/stir/v1/signing", json={}).status_code == 401
        with client(pki) as nobody:
            assert nobody.post(f"{url}/stir/v1/signing", json={}).status_code == 401
            assert nobody.get(f"{url}/healthz").status_code == 200
        with client(pki, "stranger") as stranger, pytest.raises(httpx.TransportError):
            stranger.get(f"{url}/healthz")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403, id="another site"
        ),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="a neighbour"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="in an old browser"),
        pytest.param({"Origin": "null"}, 403, id="from a frame that hides where it is from"),
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "https://127.0.0.1:{port}"}, 503, id="ours"),
        pytest.param({}, 503, id="a program"),
    ],
)
def test_a_form_of_another_site_changes_nothing_by_the_browser_s_client_certificate(
    tmp_path: Path, pki: Path, headers: dict[str, str], status: int
) -> None:
    port = free_port("127.0.0.1")
    listed = {"sbc-1.example.net": ["rotate"]}
    table = api_table(pki, port, client_ca=pki / "ca.pem", client_subjects=listed)
    sent = {name: value.format(port=port) for name, value in headers.items()}
    url = f"https://127.0.0.1:{port}/console/certificates/rollback"
    with serving(tmp_path, table), client(pki, "sbc") as browser:
        # 503: it was let in, and there is nobody here who keeps certificates
        assert browser.post(url, data={"account": ""}, headers=sent).status_code == status


def test_nobody_speaks_plain_http_to_a_socket_with_tls(tmp_path: Path, pki: Path) -> None:
    port = free_port("127.0.0.1")
    with serving(tmp_path, api_table(pki, port)), pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)


def test_a_tls_key_that_others_may_read_is_refused(pki: Path, tmp_path: Path) -> None:
    key = tmp_path / "open.key"
    key.write_bytes((pki / "server.key").read_bytes())
    key.chmod(0o640)
    api = Api.model_validate({"tls_certificate": pki / "server.pem", "tls_key": key})
    with pytest.raises(KeyRefused, match="chmod 600"):
        tls_context(api)


@pytest.mark.parametrize(("trusted", "status"), [([], 401), (["127.0.0.1"], 400)], ids=["nobody", "a-proxy"])
def test_the_word_of_a_proxy_about_an_address_is_believed_where_it_is_listed(
    tmp_path: Path, trusted: list[str], status: int
) -> None:
    port = free_port("127.0.0.1")
    api = {"listen": f"127.0.0.1:{port}", "stir_addresses": ["198.51.100.7"], "trusted_proxies": trusted}
    with serving(tmp_path, api):
        said = {"X-Forwarded-For": "198.51.100.7"}
        url = f"http://127.0.0.1:{port}/stir/v1/signing"
        assert httpx.post(url, json={}, headers=said, trust_env=False).status_code == status

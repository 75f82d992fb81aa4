"""Health, metrics, our chain, and errors in the form of RFC 9457."""

import asyncio

import pytest
from cryptography import x509
from fastapi.testclient import TestClient

from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar
from gateway.metrics import EdgeStatus
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY

NOW = 1_800_000_000.0


def edge(ready: bool = True, draining: bool = False) -> EdgeStatus:
    return EdgeStatus(NOW, ready, draining, calls=1, workers=2, slots_free=3)


SERVING = edge()


def client(
    credential: Credential | None, status: EdgeStatus | None = SERVING, now: float = NOW
) -> TestClient:
    return TestClient(
        create_app(Sidecar.of(credential, edge=lambda: status, now=lambda: now, access=EVERYBODY))
    )


def test_a_living_sidecar_says_so_whatever_the_rest_does() -> None:
    assert client(None, None).get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("status", "certified", "later", "reasons"),
    [
        (None, True, 0, ["edge.silent"]),
        (edge(ready=False), True, 0, ["edge.not-ready"]),
        (edge(draining=True), True, 0, ["edge.draining"]),
        (edge(), False, 0, ["certificate.none"]),
        (edge(), True, 10**9, ["certificate.expired"]),
        (edge(), True, -(10**9), ["certificate.not-yet-valid"]),
        (None, False, 0, ["edge.silent", "certificate.none"]),
    ],
    ids=["silent", "not-ready", "draining", "no-certificate", "expired", "not-yet-valid", "nothing"],
)
def test_every_reason_not_to_be_ready_is_told(
    credential: Credential, status: EdgeStatus | None, certified: bool, later: int, reasons: list[str]
) -> None:
    response = client(credential if certified else None, status, NOW + later).get("/readyz")
    told = [check["reason"] for check in response.json()["checks"] if not check["ok"]]
    assert (response.status_code, response.json()["ready"], told) == (503, False, reasons)


def test_ready_when_everything_is(credential: Credential) -> None:
    response = client(credential).get("/readyz")
    assert (response.status_code, response.json()["ready"]) == (200, True)


def test_metrics_show_edge_and_certificate(credential: Credential) -> None:
    response = client(credential).get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    assert "stirgw_edge_ready 1.0" in lines
    assert "stirgw_certificate_usable 1.0" in lines
    assert any(
        line.startswith(
            'stirgw_certificate_not_after_seconds{certificate="616H",scope="default",state="configured"} '
        )
        for line in lines
    )


def test_metrics_without_edge_and_certificate() -> None:
    lines = client(None, None).get("/metrics").text.splitlines()
    assert "stirgw_edge_up 0.0" in lines
    assert "stirgw_certificate_usable 0.0" in lines


def test_our_chain_is_served_whole_and_without_the_key(credential: Credential) -> None:
    response = client(credential).get("/certs/616H.pem")
    assert response.headers["content-type"] == "application/pem-certificate-chain"
    assert response.headers["cache-control"] == "public, max-age=86400"
    assert tuple(x509.load_pem_x509_certificates(response.content)) == credential.chain
    assert "PRIVATE" not in response.text


def test_whether_our_chain_is_there_can_be_asked_without_fetching_it(credential: Credential) -> None:
    asked, fetched = (getattr(client(credential), verb)("/certs/616H.pem") for verb in ("head", "get"))
    assert asked.status_code == 200
    assert asked.headers == fetched.headers
    assert client(credential).head("/certs/other.pem").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/keys", 503),
        ("GET", "/healthz", 200),
        ("GET", "/nothing", 404),
        ("PUT", "/healthz", 405),
        ("POST", "/stir/v1/signing", 415),
        ("GET", "/certs/616H.pem", 200),
    ],
)
def test_no_answer_is_kept_or_taken_for_what_it_is_not_but_our_chain_may_be_kept(
    credential: Credential, method: str, path: str, status: int
) -> None:
    answer = client(credential).request(method, path)
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (status, "nosniff")
    kept = "public, max-age=86400" if path.startswith("/certs/") else "no-store"
    assert answer.headers["cache-control"] == kept


def test_an_error_that_nobody_expected_is_not_kept_either(credential: Credential) -> None:
    def broken() -> EdgeStatus:
        raise RuntimeError

    app = create_app(Sidecar.of(credential, edge=broken, now=lambda: NOW, access=EVERYBODY))
    answer = TestClient(app, raise_server_exceptions=False).get("/readyz")
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")


def test_nobody_keeps_our_chain_past_its_end(credential: Credential) -> None:
    response = client(credential, now=credential.not_after - 10).get("/certs/616H.pem")
    assert response.headers["cache-control"] == "public, max-age=10"


@pytest.mark.parametrize("path", ["/certs/other.pem", "/certs/616H.key", "/certs/..%2F616H.pem", "/nothing"])
def test_what_is_not_there_is_a_problem(credential: Credential, path: str) -> None:
    response = client(credential).get(path)
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["status"], response.json()["title"]) == (
        404,
        404,
        "Not Found",
    )


def test_nobody_is_sent_to_a_host_that_a_request_names(credential: Credential) -> None:
    for path in ("/v1/keys/", "/healthz/"):
        response = client(credential).get(path, headers={"Host": "evil.example"}, follow_redirects=False)
        assert response.status_code == 404


def test_a_method_that_is_not_allowed_is_a_problem(credential: Credential) -> None:
    response = client(credential).post("/healthz")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["allow"] == "GET"
    assert response.status_code == 405


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error(credential: Credential) -> None:
    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"content-length", b"10"), (b"content-type", b"application/json")]
    path = {"path": "/stir/v1/signing", "raw_path": b"/stir/v1/signing", "query_string": b"", "root_path": ""}
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "headers": headers, **path}
    app = create_app(Sidecar.of(credential, edge=lambda: None, now=lambda: NOW, access=EVERYBODY))
    asyncio.run(app(scope, gone, send))
    assert sent[0]["status"] == 400


def test_openapi_describes_what_a_client_sends_and_gets(credential: Credential) -> None:
    described = client(credential).get("/openapi.json").json()
    signing = described["paths"]["/stir/v1/signing"]["post"]
    schemas = described["components"]["schemas"]
    bodies = signing["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    named = [each["$ref"].rpartition("/")[2] for each in bodies]
    assert named == ["SigningBody", "MsSigningBody"]
    assert set(schemas["SigningRequest"]["required"]) == {"attest", "dest", "iat", "orig", "origid"}
    assert schemas["Callees"]["properties"]["tn"]["type"] == "array"
    assert "requestId" in schemas["MsSigningRequest"]["properties"]
    assert {"200", "400", "401", "403", "404", "405", "406", "408", "411", "415", "429", "500"} == set(
        signing["responses"]
    )
    assert {"AtisError", "MsError"} <= schemas.keys()


@pytest.mark.parametrize("resource", ["signing", "verification"])
def test_the_examples_in_the_description_work(credential: Credential, resource: str) -> None:
    told = client(credential)
    operation = told.get("/openapi.json").json()["paths"][f"/stir/v1/{resource}"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert len(examples) == 2
    for example in examples.values():
        (request,) = example["value"].values()
        if resource == "signing":
            request["iat"] = int(NOW)
        assert told.post(f"/stir/v1/{resource}", json=example["value"]).status_code == 200

"""What an ACME server may not say, and how its refusals become reasons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.acme.answers import Authorization, Directory, Order, Problem, read
from gateway.acme.client import WORST_CLOCK, Client
from gateway.acme.failure import AcmeFailed
from gateway.acme.wire import Wire
from tests.certificate_host import CertificateHost

KEY = ec.generate_private_key(ec.SECP256R1())
URL = "https://ca.example.test/acme"
PLACES = {"newNonce": f"{URL}/nonce", "newAccount": f"{URL}/account", "newOrder": f"{URL}/order"}
ORDER = {"status": "pending", "authorizations": [f"{URL}/authz"], "finalize": f"{URL}/finalize"}


# Answers


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(Directory, b"<html>", id="a page"),
        pytest.param(Directory, b"", id="nothing"),
        pytest.param(Directory, json.dumps({**PLACES, "newOrder": None}).encode(), id="a place missing"),
        pytest.param(Directory, json.dumps({**PLACES, "newOrder": "http://ca.example.test/"}).encode(), id="not https"),
        pytest.param(Directory, b"[" * 100_000, id="nested without end"),
        pytest.param(Order, json.dumps({**ORDER, "authorizations": []}).encode(), id="nothing to authorise"),
        pytest.param(Order, json.dumps({**ORDER, "authorizations": [URL, URL]}).encode(), id="more than was ordered"),
        pytest.param(Order, json.dumps({**ORDER, "finalize": "file:///etc/passwd"}).encode(), id="a file"),
        pytest.param(Order, json.dumps({**ORDER, "status": 1}).encode(), id="a status in numbers"),
        pytest.param(Order, b"\xff\xfe", id="no text"),
        pytest.param(Authorization, b'{"status": "pending"}', id="no challenges"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_a_bad_answer(kind: type[Any], body: bytes) -> None:
    with pytest.raises(AcmeFailed) as failed:
        read(kind, body)
    assert failed.value.reason == "bad-answer"
    assert len(str(failed.value)) < 400 and str(failed.value).isprintable()


def test_what_nobody_asked_for_is_passed_over() -> None:
    assert read(Order, json.dumps({**ORDER, "x5u": "anything", "replaces": 7}).encode()).status == "pending"


def test_a_problem_is_shown_on_one_line_and_not_at_length() -> None:
    text = str(Problem(type="urn:ietf:params:acme:error:badCSR", detail="a\x1b[31m\nb" + "c" * 10_000))
    assert text.startswith("badCSR: a [31m b") and len(text) <= 300


# The server


class Server:
    """A server whose answers to signed requests are these, one after the other; the last one stays."""

    def __init__(self, *answers: httpx.Response, date: str = "Fri, 15 Jan 2027 08:00:00 GMT") -> None:
        self.answers, self.asked = list(answers), 0
        self.date = date

    def __call__(self, request: httpx.Request) -> httpx.Response:
        found = self._answer(request)  # as it comes from a network: not read yet
        return httpx.Response(
            found.status_code, headers=found.headers, stream=httpx.ByteStream(found.content)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=PLACES, headers={"Date": self.date})
        if request.method == "HEAD":
            return httpx.Response(204, headers={"Replay-Nonce": "abc"})
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def ask(server: Server, what: Callable[[Client], Awaitable[Any]]) -> Any:
    async def asked() -> Any:
        wire = Wire(5.0, transport=httpx.MockTransport(server))
        return await what(Client(wire, f"{URL}/directory", KEY, f"{URL}/account/1", lambda: 1_800_000_000.0))

    return asyncio.run(asked())


def refusal(kind: str, status: int, **headers: str) -> httpx.Response:
    body = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": "in its words"}
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("answer", "reason", "ends_order", "retry_after"),
    [
        pytest.param(refusal("badCSR", 400), "refused", True, None, id="refused"),
        pytest.param(refusal("badNonce", 400), "bad-nonce", False, None, id="no nonce is good"),
        pytest.param(refusal("accountDoesNotExist", 400), "account-unknown", False, None, id="no account"),
        pytest.param(refusal("rateLimited", 429, **{"Retry-After": "600"}), "rate-limited", False, 600.0, id="too often"),
        pytest.param(refusal("serverInternal", 500), "server-unavailable", False, None, id="broken"),
        pytest.param(httpx.Response(503, headers={"Retry-After": "9"}), "server-unavailable", False, 9.0, id="busy"),
        pytest.param(httpx.Response(404, text="no"), "order-unknown", True, None, id="forgotten"),
        pytest.param(httpx.Response(302, headers={"Location": URL}), "refused", True, None, id="elsewhere"),
        pytest.param(httpx.Response(200, text="<html>"), "bad-answer", False, None, id="a page"),
    ],
)  # fmt: skip
def test_a_refusal_becomes_a_reason(
    answer: httpx.Response, reason: str, ends_order: bool, retry_after: float | None
) -> None:
    with pytest.raises(AcmeFailed) as failed:
        ask(Server(answer), lambda client: client.order(f"{URL}/order/1"))
    found = failed.value
    assert (found.reason, found.ends_order, found.retry_after) == (reason, ends_order, retry_after)
    assert found.forgets_account == (reason == "account-unknown")


def test_another_nonce_is_tried_a_few_times_and_no_more() -> None:
    server = Server(refusal("badNonce", 400, **{"Replay-Nonce": "def"}))
    with pytest.raises(AcmeFailed, match="none of 4 nonces"):
        ask(server, lambda client: client.order(f"{URL}/order/1"))
    assert server.asked == 4


def test_what_was_made_must_be_somewhere() -> None:
    made = httpx.Response(201, json=ORDER)
    with pytest.raises(AcmeFailed, match="where to find"):
        ask(Server(made), lambda client: client.open("MAo"))


@pytest.mark.parametrize("date", ["Fri, 15 Jan 2027 06:00:00 GMT", "Mon, 15 Jan 2029 08:00:00 GMT"])
def test_clocks_that_are_too_far_apart_stop_everything(date: str) -> None:
    server = Server(httpx.Response(200, json=ORDER), date=date)
    with pytest.raises(AcmeFailed, match="apart: set this one right") as failed:
        ask(server, lambda client: client.open("MAo"))
    assert (failed.value.reason, server.asked) == ("clock-wrong", 0)
    assert WORST_CLOCK == 3600


def test_a_server_on_https_leads_to_nothing_else(tmp_path: Path) -> None:
    places = {name: f"http://127.0.0.1:1/{name}" for name in PLACES}
    with CertificateHost({"d": json.dumps(places).encode()}, tls_names=["127.0.0.1"]) as host:
        ca = tmp_path / "ca.pem"
        ca.write_bytes(host.ca)

        async def asked() -> None:
            wire = Wire(5.0, ca)
            client = Client(wire, host.url("/sound/d"), KEY, None, lambda: 1_800_000_000.0)
            await client.register((), None)

        with pytest.raises(AcmeFailed, match="leads from https to something else"):
            asyncio.run(asked())

"""HTTP to the configured parties: whatever they do, it ends in bounded time with a reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.acme.failure import AcmeFailed
from gateway.acme.wire import LARGEST, Reply, Wire, _retry_after
from tests.certificate_host import CertificateHost


def get(host: CertificateHost, path: str, timeout: float = 5.0, ca_file: Path | None = None) -> Reply:
    async def sent() -> Reply:
        wire = Wire(timeout, ca_file)
        try:
            return await wire.send("the server", "GET", host.url(path))
        finally:
            await wire.close()

    return asyncio.run(sent())


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/hang/x", "timeout", id="never answers"),
        pytest.param("/slow/x", "timeout", id="a byte a second"),
        pytest.param("/huge/declared/x", "answer-too-large", id="huge"),
        pytest.param("/huge/chunked/x", "answer-too-large", id="huge in chunks"),
        pytest.param("/nonsense/x", "unreachable", id="no HTTP"),
        pytest.param("/headers/x", "unreachable", id="headers without end"),
        pytest.param("/short/x", "unreachable", id="broken off"),
        pytest.param("/dead/x", "unreachable", id="closes at once"),
    ],
)
def test_a_server_that_misbehaves_costs_its_time_and_no_more(path: str, reason: str) -> None:
    with CertificateHost({"x": b"x" * 100}) as host, pytest.raises(AcmeFailed) as failed:
        get(host, path, 0.5)
    assert failed.value.reason == reason


def test_a_redirect_is_not_followed() -> None:
    with CertificateHost({"x": b"x"}) as host:
        assert get(host, "/redirect/x").status == 302
        assert host.counts["/sound/x"] == 0


def test_a_certificate_that_nobody_vouches_for_is_refused_and_one_of_the_given_ca_is_taken(
    tmp_path: Path,
) -> None:
    with CertificateHost({"x": b"x"}, tls_names=["127.0.0.1"]) as host:
        with pytest.raises(AcmeFailed, match="certificate is not trusted"):
            get(host, "/sound/x")
        ca = tmp_path / "ca.pem"
        ca.write_bytes(host.ca)
        assert get(host, "/sound/x", ca_file=ca).body == b"x"


def test_a_ca_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(AcmeFailed) as failed:
            Wire(1.0, tmp_path / name)
        assert failed.value.reason == "tls-ca-unusable"


def test_an_answer_may_be_as_large_as_is_allowed() -> None:
    with CertificateHost({"x": b"x" * LARGEST}) as host:
        assert len(get(host, "/sound/x").body) == LARGEST


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": "-7"}, None, id="the past"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "²"}, None, id="a digit of another kind"),
        pytest.param({"retry-after": "9" * 5000}, 999_999_999.0, id="for ever"),
        pytest.param(
            {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:59:49 GMT"}, 10.0, id="a date"
        ),
        pytest.param({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None, id="a date against no clock"),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert _retry_after(headers) == seconds

"""The URL rules of x5u: what the field uses passes, what could be used against us does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.x5u import LONGEST, Rules, X5u, X5uRefused, problem, read

STRICT = Rules()
LAB = Rules(ports=(80, 443, 8080), allow_http=True)
PATH = "/616H.pem"


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        pytest.param("", "malformed", id="empty"),
        pytest.param("616H.pem", "malformed", id="relative"),
        pytest.param("//certs.example.com/616H.pem", "malformed", id="no scheme"),
        pytest.param("https:///616H.pem", "malformed", id="no host"),
        pytest.param("https://certs.example.com", "malformed", id="no path"),
        pytest.param("https:certs.example.com/616H.pem", "malformed", id="no authority"),
        pytest.param("https://certs..example.com/616H.pem", "malformed", id="empty label"),
        pytest.param("https://.example.com/616H.pem", "malformed", id="leading dot"),
        pytest.param("https://certs.example.com./616H.pem", "malformed", id="trailing dot"),
        pytest.param(f"https://{'a' * 64}.com/616H.pem", "malformed", id="label of 64"),
        pytest.param(f"https://{'a.' * 127}com/616H.pem", "malformed", id="name of 257"),
        pytest.param("https://certs.exämple.com/616H.pem", "malformed", id="host not ASCII"),
        pytest.param("https://certs.example.com/ü.pem", "malformed", id="path not ASCII"),
        pytest.param("https://certs.example.com/６.pem", "malformed", id="digit not ASCII"),
        pytest.param("https://certs.example.com:４43/616H.pem", "malformed", id="port not ASCII"),
        pytest.param("https://certs.example.com/a b.pem", "malformed", id="space"),
        pytest.param("https://certs.example.com/616H.pem\n", "malformed", id="line break at the end"),
        pytest.param("https://certs.example.com/\r\nHost: evil", "malformed", id="a header of its own"),
        pytest.param("https://certs.example.com/\x00.pem", "malformed", id="NUL"),
        pytest.param("https://certs.example.com\\@evil/616H.pem", "malformed", id="backslash"),
        pytest.param("https://certs.example.com/%zz.pem", "malformed", id="percent without digits"),
        pytest.param("https://[::1::]/616H.pem", "malformed", id="no IPv6"),
        pytest.param("https://[::1/616H.pem", "malformed", id="open bracket"),
        pytest.param("https://[fe80::1%25eth0]/616H.pem", "malformed", id="zone"),
        pytest.param("https://127.1/616H.pem", "malformed", id="short IPv4"),
        pytest.param("https://2130706433/616H.pem", "malformed", id="IPv4 as one number"),
        pytest.param("https://0x7f.0.0.1/616H.pem", "malformed", id="IPv4 in hexadecimal"),
        pytest.param("https://0177.0.0.1/616H.pem", "malformed", id="IPv4 in octal"),
        pytest.param("https://1.2.3.4.5/616H.pem", "malformed", id="five numbers"),
        pytest.param("http://certs.example.com/616H.pem", "not-https", id="http"),
        pytest.param("ftp://certs.example.com/616H.pem", "not-https", id="ftp"),
        pytest.param("file://localhost/etc/passwd", "not-https", id="file"),
        pytest.param("https://a@certs.example.com/616H.pem", "userinfo", id="user"),
        pytest.param("https://a:b@certs.example.com/616H.pem", "userinfo", id="user and password"),
        pytest.param("https://@certs.example.com/616H.pem", "userinfo", id="empty user"),
        pytest.param("https://certs.example.com:80/616H.pem", "port", id="port 80"),
        pytest.param("https://certs.example.com:8080/616H.pem", "port", id="port 8080"),
        pytest.param("https://certs.example.com:0/616H.pem", "port", id="port 0"),
        pytest.param("https://certs.example.com:84430/616H.pem", "port", id="a port that begins with 8443"),
        pytest.param(f"https://certs.example.com:{'9' * 500}/616H.pem", "port", id="endless port"),
        pytest.param("https://certs.example.com/616H.pem?v=1", "query", id="query"),
        pytest.param("https://certs.example.com/616H.pem?", "query", id="empty query"),
        pytest.param("https://certs.example.com/616H.pem#leaf", "fragment", id="fragment"),
        pytest.param("https://certs.example.com/616H.pem#", "fragment", id="empty fragment"),
        pytest.param("https://certs.example.com/" + "a" * LONGEST, "too-long", id="too long"),
    ],
)
def test_a_url_that_breaks_a_rule_is_told_which(url: str, wrong: str) -> None:
    assert problem(url, STRICT) == wrong


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        pytest.param(
            "https://certs.example.com/616H.pem",
            X5u("https", "certs.example.com", 443, PATH),
            id="as nearly all of the field",
        ),
        pytest.param(
            "https://certs.example.com:8443/616H.pem",
            X5u("https", "certs.example.com", 8443, PATH),
            id="port 8443, which others refused with 'port 8443 not port 443 or 8443'",
        ),
        pytest.param(
            "https://certs.example.com:443/616H.pem",
            X5u("https", "certs.example.com", 443, PATH),
            id="port 443 written out",
        ),
        pytest.param(
            "https://certs.example.com:/616H.pem",
            X5u("https", "certs.example.com", 443, PATH),
            id="empty port",
        ),
        pytest.param(
            "HTTPS://Certs.Example.COM/616H.pem",
            X5u("https", "certs.example.com", 443, PATH),
            id="capitals",
        ),
        pytest.param("https://certs.example.com/", X5u("https", "certs.example.com", 443, "/"), id="root"),
        pytest.param(
            "https://c_1.example.com/a/b//c~d;v=1,2/%41(x)'!$&*+=:@.pem",
            X5u("https", "c_1.example.com", 443, "/a/b//c~d;v=1,2/%41(x)'!$&*+=:@.pem"),
            id="every kind of character a path may have",
        ),
        pytest.param("https://192.0.2.1/616H.pem", X5u("https", "192.0.2.1", 443, PATH), id="IPv4"),
        pytest.param(
            "https://[2001:DB8:0::1]:8443/616H.pem", X5u("https", "2001:db8::1", 8443, PATH), id="IPv6"
        ),
    ],
)
def test_what_may_be_fetched_is_taken_apart(url: str, parts: X5u) -> None:
    assert read(url, STRICT) == parts
    assert problem(url, STRICT) is None


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        pytest.param("http://localhost/616H.pem", None, id="http on its own port"),
        pytest.param("http://localhost:8080/616H.pem", None, id="http on a port allowed"),
        pytest.param("http://localhost:8443/616H.pem", "port", id="http on another"),
        pytest.param("https://localhost:8443/616H.pem", "port", id="https on another"),
        pytest.param("http://localhost/616H.pem?v=1", "query", id="a query is never allowed"),
        pytest.param("gopher://localhost/616H.pem", "not-https", id="nor another scheme"),
    ],
)
def test_a_lab_allows_what_it_names_and_no_more(url: str, wrong: str | None) -> None:
    assert problem(url, LAB) == wrong


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://certs.example.com/", "certs.example.com"),
        ("https://certs.example.com:8443/", "certs.example.com:8443"),
        ("http://certs.example.com:443/", "certs.example.com:443"),
        ("https://[2001:db8::1]/", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443"),
    ],
)
def test_the_host_is_named_as_http_names_it(url: str, authority: str) -> None:
    anywhere = Rules(ports=range(1, 65536), allow_http=True)
    assert read(url, anywhere).authority == authority


@given(st.text() | st.text(alphabet="htps:/.@[]?#%0aA1-_\\", max_size=80).map("https://".__add__))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        parts = read(text, STRICT)
    except X5uRefused as refused:
        assert refused.problem in [
            "too-long",
            "malformed",
            "not-https",
            "userinfo",
            "port",
            "query",
            "fragment",
        ]
    else:
        assert parts.scheme == "https" and parts.port in (443, 8443)
        assert parts.host and not set(parts.host) & set("/?#@[]% ")
        assert parts.path.startswith("/") and parts.path.isascii()


@given(
    host=st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z][a-z0-9-]{0,20}){0,4}", fullmatch=True),
    port=st.sampled_from(["", ":443", ":8443"]),
    path=st.from_regex(r"(/[A-Za-z0-9._~-]{0,20}){1,5}", fullmatch=True),
)
def test_every_ordinary_url_passes(host: str, port: str, path: str) -> None:
    assert problem(f"https://{host}{port}{path}", STRICT) is None

"""Verifying one JSON line after another: a line in, a line out, whatever the line holds.

    {"identity": ["<value>", …], "orig": "+12155551212", "dest": "12155551213", "now"?: 1471375418,
     "certificates"?: {"<x5u>": "<PEM chain>"}, "crls"?: ["<PEM>", …]}
    -> {"verstat": "TN-Validation-Passed", "cause": null, "reason": "passed", …}     see `verdict_json`

`identity` may be a single value, or several on one line as in a header; without any the call is one that carries none.
`dest` may be a list: the call must be signed for all of them. null is as good as nothing. Numbers are read as `signalled`
reads those of a SIP request. A certificate given on the line is never fetched. A line that is no such request is answered
with `request-malformed`.

The clock is the caller's, and so is fetching: `fetch` is asked once for all URLs that some lines need.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from gateway.stir import verdict_json
from gateway.stir.chain import Anchors, TrustedChain
from gateway.stir.crl import CrlRefused
from gateway.stir.identity import split_all
from gateway.stir.known import KnownChains, KnownLists
from gateway.stir.lines import InvalidRequest, read
from gateway.stir.reasons import Reason
from gateway.stir.received import MOST_DESTINATIONS
from gateway.stir.signalled import Signalled, signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import Verdict
from gateway.stir.verification import NeedCertificates, Rules, begin

MAX_LINE = 1_048_576
"""Bytes: certificates and revocation lists are on it."""

_FIELDS = frozenset({"identity", "orig", "dest", "now", "certificates", "crls"})

_STRINGS = frozenset({str})

Fetch = Callable[[Sequence[str]], Mapping[str, str | Reason]]
"""Brings the text at each of some URLs, or the reason why it cannot be had. One left out is unreachable."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What all lines are judged by.

    certificate: PEM of the chain at whatever URL a token names, if it is known beforehand. crls: PEM of revocation lists,
    to which each line may add its own.
    """

    anchors: Anchors
    plan: NumberPlan
    rules: Rules
    certificate: str | None = None
    crls: tuple[str, ...] = ()


@dataclass(slots=True)
class _Question:
    """A line understood, and judged as far as that goes without certificates, for each number called.

    chains: by URL, as far as they were given. missing: the URLs that were not.
    """

    found: list[Verdict | NeedCertificates]
    chains: dict[str, TrustedChain | Reason]
    missing: list[str]
    crls: tuple[str, ...]
    now: float


class Judge:
    """Answers lines under the same terms, and remembers the chains and lists it has seen.

    Raises CrlRefused where the terms hold a revocation list that is none.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._chains = KnownChains(terms.anchors)
        self._lists = KnownLists(terms.anchors)
        self._lists.read(terms.crls)

    def verify_lines(self, lines: Iterable[bytes], now: float, fetch: Fetch) -> list[bytes]:
        """The answers, in order, without line ends; a bad line is answered, never raised.

        now: epoch seconds, for lines without their own. Everything is read before anything is verified: all that is
        missing can then be fetched side by side, and taking turns, reading and verifying would each evict the other
        from the processor's cache.
        """
        asked = [self._read(line, now) for line in lines]
        missing = dict.fromkeys(
            [url for each in asked if isinstance(each, _Question) for url in each.missing]
        )
        fetched = fetch(tuple(missing)) if missing else {}
        answers = [self._verdict(each, fetched) if isinstance(each, _Question) else each for each in asked]
        return [verdict_json.of(each) if isinstance(each, Verdict) else each for each in answers]

    def _read(self, line: bytes, now: float) -> _Question | bytes:
        try:
            return self._question(read(line, _FIELDS, MAX_LINE), now)
        except InvalidRequest as error:
            return verdict_json.refusal(str(error))
        except CrlRefused as refused:
            return verdict_json.refusal(f"crls: {refused.reason}")

    def _question(self, request: dict[str, Any], now: float) -> _Question:
        request = {name: value for name, value in request.items() if value is not None}
        moment = _moment(request["now"]) if "now" in request else now
        headers = split_all(_texts("identity", request.get("identity", ())))
        calls = self._calls(request)
        certificates = _mapping("certificates", request.get("certificates", {}))
        crls = self._terms.crls + _texts("crls", request.get("crls", ()))
        self._lists.read(crls)
        question = _Question([], {}, [], crls, moment)
        for call in calls:
            found = begin(headers, call, moment, self._terms.rules)
            question.found.append(found)
            if isinstance(found, NeedCertificates):
                self._give(question, found.urls, certificates)
        return question

    def _calls(self, request: dict[str, Any]) -> list[Signalled]:
        orig, dests = request.get("orig"), dict.fromkeys(_texts("dest", request.get("dest")))
        if not isinstance(orig, str):
            raise InvalidRequest("orig", "not-a-string")
        if not 0 < len(dests) <= MOST_DESTINATIONS:
            raise InvalidRequest("dest", "too-many" if dests else "empty")
        return [signalled((), orig, dest, dest, self._terms.plan) for dest in dests]

    def _give(self, question: _Question, urls: Iterable[str], certificates: Mapping[str, str]) -> None:
        """Sort the chains that decide into those that were given and those that are missing."""
        for url in urls:
            pem = certificates.get(url, self._terms.certificate)
            if pem is None:
                question.missing.append(url)
            else:
                question.chains[url] = self._chains.get(pem, question.now)

    def _verdict(self, question: _Question, fetched: Mapping[str, str | Reason]) -> Verdict:
        chains = question.chains
        for url in question.missing:
            pem = fetched.get(url, Reason.CERTIFICATE_UNREACHABLE)
            chains[url] = pem if isinstance(pem, Reason) else self._chains.get(pem, question.now)
        revocations = self._lists.get(question.crls, chains.values(), question.now)
        for found in question.found:
            verdict = found if isinstance(found, Verdict) else found.finish(chains, revocations)
            if not verdict.passed:
                break
        return verdict


def _texts(field: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)) and _STRINGS.issuperset(map(type, value)):
        return tuple(value)
    raise InvalidRequest(field, "not-a-list-of-strings")


def _mapping(field: str, value: object) -> Mapping[str, str]:
    if isinstance(value, dict) and _STRINGS.issuperset(map(type, value.values())):
        return value
    raise InvalidRequest(field, "not-an-object-of-strings")


def _moment(value: object) -> float:
    """Epoch seconds; a bool is no number here, though it is one in Python."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            moment = float(value)
        except OverflowError:  # a whole number beyond all time
            moment = float("inf")
        if isfinite(moment):
            return moment
    raise InvalidRequest("now", "not-a-time")

"""Whether verifiers get what they need: the public URL of a certificate is fetched as a stranger would, by the rules of
`[fetch]`, and must serve exactly its chain.

A certificate is activated after that has been seen; or without it by force, with a reason that is put on record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from gateway.credentials.admission import read
from gateway.credentials.custodian import Custodian
from gateway.credentials.manifest import Certificate, Manifest, refuse
from gateway.stir import chain
from gateway.stir.chain import ChainRefused
from gateway.trust.download import Resolve
from gateway.trust.fetch import Fetcher
from gateway.trust.values import FetchFailed, FetchRules

LONGEST_REASON = 256


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at a URL: nothing wrong (reason None), or why verifiers do not get the chain, in kebab-case and words."""

    x5u: str
    reason: str | None = None
    detail: str = ""


class Outside:
    """Looks at our URLs. resolve, transport: instead of the system's. Each look knocks anew, whatever the last one found."""

    def __init__(
        self,
        rules: FetchRules,
        resolve: Resolve | None = None,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._rules, self._resolve, self._transport = rules, resolve, transport

    async def look(self, certificate: Certificate) -> Sight:
        """What a verifier of calls would be served for a certificate of ours; never raises for it."""
        transport = self._transport() if self._transport else None
        fetcher = Fetcher(self._rules, resolve=self._resolve, transport=transport)
        try:
            fetched = await fetcher.get(certificate.x5u)
        except FetchFailed as failed:
            return Sight(certificate.x5u, failed.reason.value, failed.detail)
        finally:
            await fetcher.close()
        return Sight(certificate.x5u, *_judged(fetched.body, certificate))

    async def activate(
        self,
        custodian: Custodian,
        name: str,
        account: str | None = None,
        if_revision: int | None = None,
        force: str | None = None,
    ) -> Manifest:
        """Activate a certificate whose URL serves its chain; CredentialRefused (not-served, and as `Custodian.activate`).

        force: why it is activated without a look at its URL; put on record.
        """
        note = None
        if force is None:
            certificate = (await asyncio.to_thread(custodian.view)).certificate(name)
            seen = await self.look(certificate)
            if seen.reason:
                refuse(
                    "not-served",
                    f"{seen.x5u} does not serve this chain ({seen.reason}{seen.detail and f': {seen.detail}'}): "
                    "publish it there, or force it and say why",
                )
        else:
            note = f"without a look at its URL: {_checked(force)}"
        return await asyncio.to_thread(custodian.activate, name, account, if_revision, note)


def _judged(body: bytes, certificate: Certificate) -> tuple[str | None, str]:
    try:
        found = chain.read(body)
    except ChainRefused as refused:
        return refused.reason.value, refused.detail
    if found == read(certificate.chain.encode()):
        return None, ""
    return (
        "another-chain",
        f"it begins with {found[0].subject.rfc4514_string()}, serial {found[0].serial_number:X}",
    )


def _checked(force: str) -> str:
    if not 0 < len(force.strip()) <= LONGEST_REASON or not force.isprintable():
        refuse("reason-malformed", f"say in 1 to {LONGEST_REASON} printable characters why it is forced")
    return force

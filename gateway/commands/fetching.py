"""Fetching for a command that waits: the certificates at some URLs, side by side, each within its time limit.

What was fetched is kept for a day, as verification must (ATIS-1000074); failures the fetcher remembers for a while. What
goes wrong is told on standard error. The machinery is imported when the first URL is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from cachetools import TTLCache

from gateway.commands.command import log_to_stderr
from gateway.stir.reasons import Reason
from gateway.trust.values import FetchFailed, FetchRules

if TYPE_CHECKING:
    from gateway.trust.fetch import Fetcher

KEPT = 86_400.0
"""Seconds."""

MOST_KEPT = 4096
"""Files."""


class Certificates:
    """Files by their URL, as `Judge.verify_lines` wants them; a context, at whose end connections are closed."""

    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules
        self._kept: TTLCache[str, str] = TTLCache(MOST_KEPT, KEPT)
        self._runner = asyncio.Runner()
        self._fetcher: Fetcher | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._fetcher is not None:
            self._runner.run(self._fetcher.close())
        self._runner.close()

    def fetch(self, urls: Sequence[str]) -> Mapping[str, str | Reason]:
        """The text at each URL, or the reason why it cannot be had."""
        found: dict[str, str | Reason] = {url: self._kept[url] for url in urls if url in self._kept}
        missing = [url for url in urls if url not in found]
        return found | self._runner.run(self._fetch(missing)) if missing else found

    async def _fetch(self, urls: Sequence[str]) -> dict[str, str | Reason]:
        fetcher = self._fetcher = self._fetcher or _fetcher(self._rules)
        texts = await asyncio.gather(*(self._text(fetcher, url) for url in urls))
        return dict(zip(urls, texts, strict=True))

    async def _text(self, fetcher: Fetcher, url: str) -> str | Reason:
        try:
            body = (await fetcher.get(url)).body
        except FetchFailed as failed:
            return failed.reason
        text = self._kept[url] = body.decode("utf-8", "replace")
        return text


def _fetcher(rules: FetchRules) -> Fetcher:
    from gateway.trust.fetch import Fetcher

    log_to_stderr()
    return Fetcher(rules)

"""What the certificate cache costs, measured: `python -m tests.trust.chain_figures` prints it, benchmarks import it.

Every certificate is a different one, issued by one CA; some are fetched over real HTTP from a host on loopback, all are
read from disk.
"""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from certs import pem
from certs.builders import CRL_URL, NOW, make_chain
from certs.profile import Profile
from gateway import log
from gateway.stir.chain import Anchors, TrustedChain
from gateway.trust.cache import Chains
from gateway.trust.fetch import Fetcher
from gateway.trust.shelf import Kept, Shelf
from tests.certificate_host import CertificateHost
from tests.trust.fetching import rules

_FETCHED = 200
_HITS = 20_000


@dataclass(frozen=True, slots=True)
class Figures:
    """cold: ms from asking for a certificate that nobody has to its trusted chain, one after the other. from_disk: the
    same after a restart. hit: CPU-µs of `known` with all certificates in memory. memory: bytes of the process for each."""

    certificates: int
    cold: float
    from_disk: float
    hit: float
    memory: float

    def __str__(self) -> str:
        return (
            f"{self.certificates:,} certificates: cold {self.cold:.2f} ms, from disk {self.from_disk:.2f} ms, "
            f"hit {self.hit:.2f} µs, {self.memory / 1024:.1f} kB of memory each"
        )


def measure(certificates: int) -> Figures:
    """The figures with so many distinct certificates; takes about 3 ms for each."""
    root, files = _many(certificates)
    with TemporaryDirectory() as folder, CertificateHost(files) as host:
        return asyncio.run(_measured(root, host, Path(folder), [f"/sound/{name}" for name in files]))


def _many(count: int) -> tuple[Anchors, dict[str, bytes]]:
    chain = make_chain()
    ca, key = chain.intermediate, chain.leaf_key.public_key()
    names = [f"{number:04}" for number in range(count)]
    files = {}
    for number, spc in enumerate(names):
        template = Profile(CRL_URL).leaf(key, ca.certificate, NOW, (1 << 70) + number, spc=spc, numbers=())
        files[f"{spc}.pem"] = pem.chain(ca.issue(template), ca.certificate)
    return Anchors([chain.root.certificate]), files


async def _measured(anchors: Anchors, host: CertificateHost, folder: Path, paths: list[str]) -> Figures:
    urls = [host.url(path) for path in paths]
    fetcher = Fetcher(rules(host))
    chains = Chains(fetcher, folder, lambda: anchors, _clock, len(urls))
    cold = await _ask(chains, urls[:_FETCHED])
    await chains.close()
    _fill(folder, host, urls[_FETCHED:])
    before = _resident()
    chains = Chains(fetcher, folder, lambda: anchors, _clock, len(urls))
    from_disk = await _ask(chains, urls)
    memory, hit = _resident() - before, _hit(chains, urls)
    await chains.close()
    await fetcher.close()
    return Figures(len(urls), cold * 1e3, from_disk * 1e3, hit * 1e6, memory / len(urls))


def _clock() -> float:
    return NOW.timestamp() + 60


def _fill(folder: Path, host: CertificateHost, urls: list[str]) -> None:
    """As if these had been fetched too."""
    shelf = Shelf(folder, 10 * len(urls) + 10)
    for url in urls:
        shelf.write(Kept(url, host.files[url.rpartition("/")[2]], _clock(), 86_400.0))


async def _ask(chains: Chains, urls: list[str]) -> float:
    """Seconds for each."""
    start = time.perf_counter()
    for url in urls:
        found = await chains.get(url, 10.0)
        assert isinstance(found, TrustedChain), found
    return (time.perf_counter() - start) / len(urls)


def _hit(chains: Chains, urls: list[str]) -> float:
    """Seconds of CPU; the stride makes neighbours in time strangers in memory."""
    order = [urls[number * 7919 % len(urls)] for number in range(_HITS)]
    start = time.process_time()
    for url in order:
        chains.known(url)
    return (time.process_time() - start) / _HITS


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    log.setup("warning")
    print(measure(10_000))

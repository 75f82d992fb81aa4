"""Whom one process trusts: anchors and revocations in force, followed while the files behind them change.

    anchors       files the operator names, and the CAs of the STI-PA's trust list
    revocations   lists the operator names, and those fetched

Each process looks once a second, at the stamps of the files alone; only what changed is read, and what is read is put
in force by one assignment. A file that cannot be used never takes away what was in force before: `problems` says what
is wrong with it. Only a change of whom we trust does: what other anchors or another pinned signer made good is judged
anew. A trust list that expires stays in force, see `trust_list`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography import x509

from gateway import log
from gateway.stir.chain import TrustedChain
from gateway.stir.path import Anchors
from gateway.stir.revocation import RevocationList, Revocations
from gateway.trust import anchors, crls, trust_list
from gateway.trust.anchors import AnchorsRefused
from gateway.trust.crls import CrlFiles, CrlFolder, Stamp, stamp
from gateway.trust.trust_list import ListRefused, TrustList

Source = str | Path
"""An https URL, or a file."""

LIST_FILE = "trust-list.jws"

_log = log.get("trust")


class Trust:
    """What is in force in this process; empty until `changed` was first called.

    trust_anchors: files and folders. trust_list: source of the STI-PA's list; trust_list_signer: PEM of the certificate
    that signs it, or of a CA above that. crls: sources. folder: shared by the node's processes, for what is fetched.
    now: epoch seconds.

    `changed` belongs to one thread at a time; the rest may be read from any.
    """

    def __init__(
        self,
        folder: Path,
        now: Callable[[], float],
        trust_anchors: Sequence[Path] = (),
        trust_list: Source | None = None,
        trust_list_signer: Path | None = None,
        crls: Sequence[Source] = (),
    ) -> None:
        self.anchors = Anchors(())
        self.revocations = Revocations()
        self.trust_list: TrustList | None = None
        self.problems: tuple[str, ...] = ()
        self.list_url = trust_list if isinstance(trust_list, str) else None
        self.list_file = trust_list if isinstance(trust_list, Path) else folder / LIST_FILE
        self.crl_folder = CrlFolder(folder)
        self._now, self._anchor_paths, self._signer_file = now, tuple(trust_anchors), trust_list_signer
        self._has_list = trust_list is not None
        self._crl_urls = tuple(each for each in crls if isinstance(each, str))
        self._crl_paths = tuple(each for each in crls if isinstance(each, Path))
        self._own: tuple[x509.Certificate, ...] = ()
        self._pinned = Anchors(())
        self._crl_files = CrlFiles()
        self._seen: tuple[object, ...] = ()

    def changed(self) -> bool:
        """Look whether anything changed and put it in force; whether it did.

        Takes some microseconds a file, and the time it takes to read one that changed: a list of 10 MiB does not belong
        in an event loop.
        """
        now = self._now()
        seen = (*self._stamps(), self._is_expired(now))
        if seen == self._seen:
            return False
        self._seen = seen
        self._load(now)
        return True

    def want(self, chain: TrustedChain) -> None:
        """Have the revocation lists fetched that a trusted chain names, and its CAs known to all processes of the node,
        for they sign lists too (RFC 5280 §6.3.3). Costs nothing the second time."""
        for authority in chain.path[
            1:-1
        ]:  # an anchor is known anyway; whoever hears of a list shall know its signer
            self.crl_folder.meet(authority)
        for url in chain.crl_urls:
            if url not in self._crl_urls:
                self.crl_folder.want(url)

    @property
    def crl_urls(self) -> tuple[str, ...]:
        """Of all revocation lists that are to be fetched."""
        return tuple(dict.fromkeys((*self._crl_urls, *self.crl_folder.wanted())))

    def judge_list(self, content: bytes) -> TrustList:
        """The trust list in `content`, if it may come into force; ListRefused."""
        now = self._now()
        new = trust_list.read(content, self._pinned, now)
        trust_list.admit(new, self.trust_list, now)
        return new

    def judge_crl(self, url: str, content: bytes) -> tuple[RevocationList, ...]:
        """The revocation lists fetched from `url`, if they may come into force; CrlRefused."""
        in_force = self._crl_files.of(self.crl_folder.path(url))
        return crls.judge(content, self.anchors, self._now(), self._signers, in_force)

    @property
    def _signers(self) -> tuple[x509.Certificate, ...]:
        """Certificates by which a list's signer may lead to an anchor: those of the STI-PA, and CAs of chains met."""
        of_list = self.trust_list.signer if self.trust_list else ()
        return (*self._pinned.certificates, *of_list, *self.crl_folder.authorities())

    def _is_expired(self, now: float) -> bool:
        return self.trust_list is not None and self.trust_list.is_expired(now)

    def _stamps(self) -> Iterator[tuple[Path, Stamp]]:
        named = (*anchors.files(self._anchor_paths, []), self._signer_file, self.list_file)
        folder = self.crl_folder
        for path in (*named, *self._crl_paths, *folder.fetched(), *folder.authority_files()):
            if path:
                yield path, stamp(path)

    def _load(self, now: float) -> None:
        problems = [*self._load_own(now), *self._load_pinned(), *self._load_list(now)]
        listed = self.trust_list.certificates if self.trust_list else ()
        in_force = Anchors((*self._own, *listed))
        paths = dict.fromkeys((*self._crl_paths, *self.crl_folder.fetched()))
        self._crl_files.load(paths, in_force, now, self._signers)
        self.anchors, self.revocations = in_force, Revocations(self._crl_files.lists)
        self._tell((*problems, *self._crl_files.problems))

    def _load_own(self, now: float) -> Sequence[str]:
        try:
            loaded = anchors.load(self._anchor_paths, now)
        except AnchorsRefused as refused:
            return refused.errors
        self._own = loaded.certificates or self._own  # files that hold nothing of use
        return loaded.warnings

    def _load_pinned(self) -> Sequence[str]:
        if self._signer_file is None:
            return ()
        try:
            pinned = Anchors(anchors.load_pinned(self._signer_file))
        except AnchorsRefused as refused:
            return refused.errors
        if pinned.version != self._pinned.version:
            self._pinned, self.trust_list = pinned, None
        return ()

    def _load_list(self, now: float) -> Iterator[str]:
        if not self._has_list:
            return
        try:
            self._take_list(trust_list.read(self.list_file.read_bytes(), self._pinned, now), now)
        except OSError as error:
            yield f"{self.list_file}: no trust list: {error.strerror}"
        except ListRefused as refused:
            yield f"{self.list_file}: {refused}"
        if self.trust_list and self.trust_list.is_expired(now):
            yield f"{self.list_file}: trust list {self.trust_list.sequence} has expired and is still in force"

    def _take_list(self, found: TrustList, now: float) -> None:
        """The first list found is taken as it is, for it was in force before this process was started."""
        if self.trust_list is not None and found != self.trust_list:
            trust_list.admit(found, self.trust_list, now)
        self.trust_list = found

    def _tell(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            if problem not in self.problems:
                _log.warning("trust.problem", problem=problem)
        self.problems = problems
        _log.info(
            "trust.loaded",
            anchors=len(self.anchors.certificates),
            crls=len(self.revocations.lists),
            trust_list=self.trust_list and self.trust_list.sequence,
        )

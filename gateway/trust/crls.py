"""Revocation lists on disk: files the operator names, and those fetched, which lie in the state folder.

    crl-<hash>.crl    a list as it was fetched, PEM or DER, put there only after it was found trusted
    crl-<hash>.json   the URL of a distribution point that a trusted chain named: somebody is to fetch it
    ca-<hash>.pem     a CA between a trusted chain's leaf and its anchor: it signs its own lists (RFC 5280 §6.3.3), and
                      whoever judges one may be another process than the one that met the chain

The hash is the URL's, or the certificate's fingerprint. A CA found here is trusted no more than a stranger's: a path
from it to an anchor is looked for each time. Processes share the folder without locks. A list that cannot be read, is
nobody's we trust or is older than the one in force never counts: what was in force before stays.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import log
from gateway.stir import chain
from gateway.stir.path import Anchors
from gateway.stir.revocation import CrlRefused, RevocationList, read_crl, trust_crl
from gateway.store import files

LARGEST = 10 * 1024 * 1024
"""Bytes of a list that is fetched."""

MOST_WANTED = 256
"""Distribution points noted on one node. In the SHAKEN world all certificates name the STI-PA's."""

LONGEST_URL = 2048

MOST_AUTHORITIES = 256
LARGEST_AUTHORITY = 16_384
"""CAs noted on one node, and bytes of the PEM of one, which has about 1,000."""

Stamp = tuple[int, int, int] | None
"""What tells one state of a file from another; None where there is none."""

_NOTES, _AUTHORITIES = "crl-*.json", "ca-*.pem"

_log = log.get("trust")


def stamp(path: Path) -> Stamp:
    """The stamp of the file as it is now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def judge(
    content: bytes,
    anchors: Anchors,
    now: float,
    signers: Sequence[x509.Certificate] = (),
    in_force: Sequence[RevocationList] = (),
) -> tuple[RevocationList, ...]:
    """The lists of a file, all of them trusted and none older than one of its issuer's in force; CrlRefused."""
    read = read_crl(content)
    lists = tuple(trust_crl(each, anchors, now, (*read.certificates, *signers)) for each in read.lists)
    for new in lists:
        if any(old.issuer == new.issuer and old.this_update > new.this_update for old in in_force):
            raise CrlRefused("older-than-in-force")
    return lists


class CrlFolder:
    """The fetched lists and the wanted URLs of one node."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._noted: set[str] = set()  # URLs this process knows to be noted
        self._urls: dict[str, str] = {}  # URL by the name of its note
        self._met: set[x509.Certificate] = set()  # CAs this process knows to be noted
        self._authorities: dict[Path, x509.Certificate | None] = {}

    def path(self, url: str) -> Path:
        """Where the list of a URL lies, once it is fetched."""
        return self._folder / f"crl-{_hash(url)}.crl"

    def fetched(self) -> tuple[Path, ...]:
        """All lists that lie here."""
        return tuple(sorted(self._folder.glob("crl-*.crl")))

    def keep(self, url: str, content: bytes) -> None:
        """Put a list in place, unless the very same lies there; OSError where the disk does not let us."""
        path = self.path(url)
        if not path.exists() or path.read_bytes() != content:
            self._folder.mkdir(parents=True, exist_ok=True)
            files.replace(path, content)

    def want(self, url: str) -> None:
        """Note that the list at `url` is to be fetched. Costs nothing when it is noted already, and never fails."""
        if url in self._noted or len(self._noted) >= MOST_WANTED or len(url) > LONGEST_URL:
            return
        self._noted.add(url)
        self._note(_NOTES, _hash(url), json.dumps({"url": url}).encode(), MOST_WANTED)

    def wanted(self) -> tuple[str, ...]:
        """The URLs noted by any process."""
        notes = self._notes()
        self._urls = {each.name: self._urls.get(each.name) or _noted_url(each) for each in notes}
        return tuple(url for url in self._urls.values() if url)

    def meet(self, authority: x509.Certificate) -> None:
        """Note a CA that may have signed lists. Costs nothing when it is noted already, and never fails."""
        if authority in self._met or len(self._met) >= MOST_AUTHORITIES:
            return
        self._met.add(authority)
        content = authority.public_bytes(Encoding.PEM)
        if len(content) <= LARGEST_AUTHORITY:
            self._note(_AUTHORITIES, _fingerprint(authority), content, MOST_AUTHORITIES)

    def authority_files(self) -> tuple[Path, ...]:
        """Where the CAs lie that any process noted."""
        return tuple(sorted(self._folder.glob(_AUTHORITIES))[:MOST_AUTHORITIES])

    def authorities(self) -> tuple[x509.Certificate, ...]:
        """The CAs noted by any process."""
        known = self._authorities
        self._authorities = {
            path: known.get(path) or _noted_authority(path) for path in self.authority_files()
        }
        return tuple(each for each in self._authorities.values() if each)

    def _notes(self) -> list[Path]:
        return sorted(self._folder.glob(_NOTES))

    def _note(self, pattern: str, name: str, content: bytes, most: int) -> None:
        """Put a note in place unless it, or `most` of its pattern, lie here; never fails."""
        note = self._folder / pattern.replace("*", name)
        try:
            if not note.exists() and len(list(self._folder.glob(pattern))) < most:
                self._folder.mkdir(parents=True, exist_ok=True)
                files.replace(note, content, durable=False)
        except OSError as error:
            _log.warning("crl.not-noted", note=str(note), error=str(error))


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a file gave, in the state, under the anchors and with the signers it was judged with."""

    stamp: Stamp
    version: str
    signers: tuple[x509.Certificate, ...]
    lists: tuple[RevocationList, ...]
    problem: str | None


class CrlFiles:
    """The lists of files, each file judged again only when it or the anchors changed, a bad one also for other signers."""

    def __init__(self) -> None:
        self._judged: dict[Path, _Judged] = {}

    def load(
        self, paths: Iterable[Path], anchors: Anchors, now: float, signers: Sequence[x509.Certificate] = ()
    ) -> None:
        """Make `paths` the files whose lists are in force, as far as they are good."""
        beside = tuple(signers)
        self._judged = {path: self._judge(path, anchors, now, beside) for path in paths}

    @property
    def lists(self) -> tuple[RevocationList, ...]:
        """Those in force."""
        return tuple(one for judged in self._judged.values() for one in judged.lists)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with files, one line each."""
        return tuple(judged.problem for judged in self._judged.values() if judged.problem)

    def of(self, path: Path) -> tuple[RevocationList, ...]:
        """The lists of one file that are in force."""
        judged = self._judged.get(path)
        return judged.lists if judged else ()

    def _judge(
        self, path: Path, anchors: Anchors, now: float, signers: tuple[x509.Certificate, ...]
    ) -> _Judged:
        before, seen = self._judged.get(path), stamp(path)
        same = before and (before.stamp, before.version) == (seen, anchors.version)
        if before and same and (before.problem is None or before.signers == signers):
            return before
        good = before.lists if before and before.version == anchors.version else ()
        try:
            lists = judge(path.read_bytes(), anchors, now, signers, good)
            return _Judged(seen, anchors.version, signers, lists, None)
        except OSError as error:
            problem = f"{path}: cannot be read: {error.strerror}"
        except CrlRefused as refused:
            problem = f"{path}: {refused.reason}"
        return _Judged(seen, anchors.version, signers, good, problem)


def _hash(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:32]


def _fingerprint(authority: x509.Certificate) -> str:
    return authority.fingerprint(SHA256()).hex()


def _noted_authority(note: Path) -> x509.Certificate | None:
    """The certificate in a note; None where it cannot be read, to be tried again."""
    try:
        (authority,) = chain.read(note.read_bytes(), 1, LARGEST_AUTHORITY)
    except (OSError, chain.ChainRefused):
        return None
    return authority if note.stem == f"ca-{_fingerprint(authority)}" else None


def _noted_url(note: Path) -> str:
    """The URL in a note; empty where it cannot be read, to be tried again."""
    try:
        url = json.loads(note.read_bytes())["url"]
    except (OSError, ValueError, LookupError, TypeError):
        return ""
    return url if isinstance(url, str) and note.name == f"crl-{_hash(url)}.json" else ""

"""Trust anchors from files: PEM certificates of STI-CA roots and of the STI-PA, named one by one or by folder.

A file that cannot be used is a mistake of the operator's, and all of them are told at once. What is wrong with one
certificate is only warned of, for the others are as good as before. One that is no CA can have nothing below it, so it
is left out, unless it may sign revocation lists: for that alone it is trusted (`gateway.stir.crl`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from gateway.stir import chain
from gateway.stir.certificate import is_ca, p256_key, window
from gateway.stir.crl import may_sign_lists

ENDINGS = frozenset({".pem", ".crt", ".cer"})
"""Of the files that count in a folder."""

LARGEST_FILE = 1_048_576
MOST_CERTIFICATES = 1_000


class AnchorsRefused(Exception):
    """Files that cannot be used; `errors` holds every reason, one line each, with its file."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The certificates of all files, each once.

    left_out: those that are none of them, and why. doubts: what is worth knowing about the rest. One line each.
    """

    certificates: tuple[x509.Certificate, ...]
    left_out: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that an operator should know."""
        return (*self.left_out, *self.doubts)


def load(paths: Sequence[Path], now: float) -> Loaded:
    """The anchors in files and folders of files; AnchorsRefused with every file that cannot be used."""
    errors: list[str] = []
    left_out: list[str] = []
    doubts: list[str] = []
    certificates: list[x509.Certificate] = []
    for file in files(paths, errors):
        for certificate in _certificates(file, errors):
            name = f"{file}: {certificate.subject.rfc4514_string()}"
            if not (is_ca(certificate) or may_sign_lists(certificate, is_anchor=True)):
                left_out.append(f"{name} is not a CA and signs no revocation lists, so it is left out")
                continue
            certificates.append(certificate)
            doubts.extend(f"{name} {doubt}" for doubt in _doubts(certificate, now))
    if errors:
        raise AnchorsRefused(errors)
    return Loaded(tuple(dict.fromkeys(certificates)), tuple(left_out), tuple(doubts))


def load_pinned(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of one file, CA or not; AnchorsRefused."""
    errors: list[str] = []
    certificates = _certificates(path, errors)
    if errors:
        raise AnchorsRefused(errors)
    return certificates


def files(paths: Sequence[Path], errors: list[str]) -> Iterator[Path]:
    """The files that `paths` stand for, in order; what is wrong with a folder is added to `errors`."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        try:
            found = sorted(each for each in path.iterdir() if _counts(each))
        except OSError as error:
            errors.append(f"{path}: cannot be read: {error.strerror}")
            continue
        if not found:
            errors.append(f"{path}: holds no file that ends in {', '.join(sorted(ENDINGS))}")
        yield from found


def _counts(path: Path) -> bool:
    return path.suffix in ENDINGS and not path.name.startswith(".")


def _certificates(path: Path, errors: list[str]) -> tuple[x509.Certificate, ...]:
    try:
        return chain.read(path.read_bytes(), MOST_CERTIFICATES, LARGEST_FILE)
    except OSError as error:
        errors.append(f"{path}: cannot be read: {error.strerror}")
    except chain.ChainRefused as refused:
        errors.append(f"{path}: {refused}")
    return ()


def _doubts(certificate: x509.Certificate, now: float) -> Iterator[str]:
    start, end = window(certificate)
    if now > end:
        yield "has expired: no chain leads to it any more"
    if now < start:
        yield "is not yet valid"
    if p256_key(certificate) is None:
        yield "has no key on P-256: no SHAKEN chain leads to it"

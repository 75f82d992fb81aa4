"""What may be asked of `python -m certs`: every word of the command line, checked before anything is made."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from certs import names, trust_list
from certs.profile import SHAKEN_POLICY
from certs.refusal import LabRefused
from gateway.stir import tnauthlist

EXAMPLES = """\
example:
  python -m certs init --spc 616H           make a lab in certs/out with one leaf, 616H
  python -m certs leaf --spc 709J           add a leaf for another service provider
  python -m certs show certs/out/616H.pem   read what was made
  python -m certs serve --port 14000 --account 616H:secret:616H
                                            an STI-CA by ACME and an STI-PA on 127.0.0.1, for a client to talk to
  python -m certs revoke 616H               take it out of use: a new crl.pem is published
  openssl verify -CAfile certs/out/root.pem -untrusted certs/out/intermediate.pem certs/out/709J.pem

Everything made here is TEST ONLY: a real service provider's certificates come from an approved STI-CA.
"""

_LONGEST_LIFETIME = 366 * 86400

Subcommands = argparse._SubParsersAction  # argparse gives what add_subparsers returns no public name


def parser() -> argparse.ArgumentParser:
    """The parser. Its namespace holds `command`, `dir`, `now` (an aware datetime) and the command's own."""
    top = argparse.ArgumentParser(
        prog="python -m certs",
        description="A lab STI-PA and STI-CA that make SHAKEN certificates. TEST ONLY.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    _init(
        _command(
            commands, "init", "make the whole lab: root, intermediate, STI-PA, one leaf, CRL, trust list"
        )
    )
    _leaf(_command(commands, "leaf", "issue one more leaf, with a new key"))
    revoke = _command(commands, "revoke", "revoke a certificate and publish a new CRL")
    revoke.add_argument("name", metavar="NAME", help="a leaf's name, or `intermediate`")
    _command(commands, "crl", "publish a new CRL of the same revocations")
    _trust_list(_command(commands, "trust-list", "publish a new list of the trusted STI-CAs"))
    _serve(_command(commands, "serve", "serve the lab on loopback: ACME, SPC tokens, its public files"))
    show = _command(commands, "show", "print a certificate file, a CRL or a trust list for people to read")
    show.add_argument("file", type=Path, metavar="FILE")
    return top


def _command(
    commands: "Subcommands[argparse.ArgumentParser]", name: str, does: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}. TEST ONLY.")
    command.add_argument(
        "--dir", type=Path, default=Path("certs/out"), help="the lab's directory (default %(default)s)"
    )
    command.add_argument(
        "--now",
        type=_epoch,
        default=datetime.now(UTC),
        metavar="SECONDS",
        help="act as if it were this time, in epoch seconds (default: the clock)",
    )
    return command


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host",
        type=_base_url,
        default="https://certs.example.test",
        metavar="URL",
        help="where the files will be served, under /certs/ (default %(default)s)",
    )
    command.add_argument(
        "--policy",
        type=x509.ObjectIdentifier,
        default=SHAKEN_POLICY,
        metavar="OID",
        help=f"certificate policy stated by all but the root (default {SHAKEN_POLICY.dotted_string})",
    )
    _leaf_options(command, default="616H")


def _leaf(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--tn",
        action="append",
        type=_tn,
        default=[],
        metavar="TN",
        help="also authorise this number, such as 12025550100; may be repeated. A SHAKEN leaf has none",
    )
    _leaf_options(command, required=True)


def _trust_list(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--lifetime",
        type=_lifetime,
        default=trust_list.LIFETIME,
        metavar="SECONDS",
        help=f"how long the list is in force (default {trust_list.LIFETIME.total_seconds():.0f}: a day)",
    )


def _serve(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port", type=int, default=0, help="where to listen on 127.0.0.1 (default: a free one)"
    )
    command.add_argument(
        "--account",
        action="append",
        type=_account,
        default=[],
        metavar="USER:PASSWORD:SPC[,SPC]",
        help="who gets SPC tokens from the STI-PA, and for which codes; may be repeated",
    )


def _leaf_options(command: argparse.ArgumentParser, **spc: Any) -> None:
    command.add_argument("--spc", type=_spc, metavar="SPC", help="service provider code, such as 616H", **spc)
    command.add_argument(
        "--name",
        metavar="NAME",
        help="file name, and last part of the x5u (default: the SPC). "
        "Give a renewed certificate a new name: RFC 8224 §7.4 wants a new URL for each credential",
    )
    command.add_argument(
        "--force",
        action="store_true",
        help="replace what is there; after a new init, leaves of the old one no longer verify",
    )


def _epoch(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time in epoch seconds") from None


def _lifetime(text: str) -> timedelta:
    if not text.isdecimal() or not 0 < int(text) <= _LONGEST_LIFETIME:
        raise argparse.ArgumentTypeError(f"{text!r} is not a lifetime in seconds, a year at most")
    return timedelta(seconds=int(text))


def _spc(text: str) -> str:
    try:
        names.service_provider(text)
    except LabRefused as refused:
        raise argparse.ArgumentTypeError(str(refused)) from None
    return text


def _account(text: str) -> tuple[str, str, tuple[str, ...]]:
    user, _, rest = text.partition(":")
    password, _, codes = rest.rpartition(":")
    if not user or not password:
        raise argparse.ArgumentTypeError(f"{text!r} is not USER:PASSWORD:SPC")
    return user, password, tuple(_spc(code) for code in codes.split(","))


def _tn(text: str) -> str:
    try:
        return tnauthlist.One(text).number
    except tnauthlist.InvalidTNAuthList as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as https://certs.example.test")
    return text.rstrip("/")

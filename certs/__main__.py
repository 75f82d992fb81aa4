"""`python -m certs`: the lab from a shell. The only place that takes real random serials."""

import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509

from certs import arguments, files, pem, show
from certs.lab import Lab
from certs.ledger import Ledger
from certs.refusal import LabRefused


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 where it was done, 2 where it was refused, with the reason on stderr."""
    asked = arguments.parser().parse_args(argv)
    try:
        lines = COMMANDS[asked.command](asked)
    except (LabRefused, OSError) as refused:
        print(f"certs: {refused}", file=sys.stderr)
        return 2
    print(*lines, sep="\n")
    return 0


def _init(asked: Namespace) -> list[str]:
    lab, state = Lab(asked.dir), Ledger(asked.host, asked.policy)
    lab.init(state, asked.now, x509.random_serial_number, replace=asked.force)
    name = lab.leaf(asked.spc, asked.now, x509.random_serial_number, name=asked.name, replace=asked.force)
    return _report(lab, ["root", "intermediate", "pa-root", name])


def _leaf(asked: Namespace) -> list[str]:
    lab = Lab(asked.dir)
    name = lab.leaf(
        asked.spc,
        asked.now,
        x509.random_serial_number,
        name=asked.name,
        numbers=asked.tn,
        replace=asked.force,
    )
    return _report(lab, [name])


def _revoke(asked: Namespace) -> list[str]:
    Lab(asked.dir).revoke(asked.name, asked.now)
    return _published(asked)


def _crl(asked: Namespace) -> list[str]:
    Lab(asked.dir).publish(asked.now)
    return _published(asked)


def _trust_list(asked: Namespace) -> list[str]:
    Lab(asked.dir).publish_trust_list(asked.now, x509.random_serial_number, lifetime=asked.lifetime)
    return show.describe(files.read(asked.dir / "trust-list.jws"), asked.now)


def _show(asked: Namespace) -> list[str]:
    return show.describe(files.read(asked.file), asked.now)


def _serve(asked: Namespace) -> list[str]:
    from certs.online.server import LabServer  # with the development tools alone
    from certs.online.sti_pa_http import PaAccount

    accounts = tuple(PaAccount(*account) for account in asked.account)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with LabServer(Lab(asked.dir), accounts, lambda: datetime.now(UTC), asked.port) as server:
        print(show.WARNING)
        print(f"ACME    {server.url('/acme/directory')}")
        print(f"STI-PA  {server.url('/api/v1')} (login) or {server.url('/at')} (RFC 9448)")
        print(f"files   {server.url('/certs/')}; faults: {server.url('/lab/faults')}", flush=True)
        signal.sigwait(ends)
    return ["stopped"]


COMMANDS = {
    "init": _init,
    "leaf": _leaf,
    "revoke": _revoke,
    "crl": _crl,
    "trust-list": _trust_list,
    "serve": _serve,
    "show": _show,
}


def _published(asked: Namespace) -> list[str]:
    return show.describe(files.read(asked.dir / "crl.pem"), asked.now)


def _report(lab: Lab, names: list[str]) -> list[str]:
    """What was made, where it lies and where it is to be served; the last of `names` is the new leaf."""
    rows = [("file", "subject", "until", "SHA-256")]
    for name in names:
        path = lab.directory / f"{name}.pem"
        first = pem.certificates(files.read(path))[0]
        until = f"{first.not_valid_after_utc:%Y-%m-%d}"
        rows.append((str(path), first.subject.rfc4514_string(), until, show.fingerprint(first)[:23] + "…"))
    state = lab.state()
    return [
        show.WARNING,
        "",
        *show.table(rows),
        "",
        f"key  {lab.directory / names[-1]}.key",
        f"x5u  {state.url(f'{names[-1]}.pem')}",
        f"CRL  {lab.directory / 'crl.pem'}, checked under pa-root.pem, served at {state.profile.crl_url}",
        f"list {lab.directory / 'trust-list.jws'}, of the trusted STI-CAs, signed under pa-root.pem",
    ]


if __name__ == "__main__":
    sys.exit(main())

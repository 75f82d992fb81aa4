"""The lab as a directory: the only module that carries the two parties to disk and back.

    root.pem, intermediate.pem   the STI-CA; root.pem is the trust anchor
    pa-root.pem                  the STI-PA, under which both of its lists are checked:
    crl.pem, trust-list.jws      what is revoked, and the list of trusted STI-CAs (the root)
    <name>.pem, <name>.key       a leaf with its intermediate (application/pem-certificate-chain), and its key
    state.json                   what was issued and revoked

state.json is always written first, so that a certificate found on disk is one that can be revoked.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from certs import files, ledger, pem, sti_ca, sti_pa, trust_list
from certs.authority import Authority, SerialSource, new_key
from certs.ledger import Ledger
from certs.refusal import LabRefused
from certs.sti_ca import StiCa
from gateway.trust.keys import KeyRefused, load_private_key

_RESERVED = frozenset({"root", "intermediate", "pa-root", "crl", "trust-list", "state"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # one file name and one path segment of a URL


@dataclass(frozen=True, slots=True)
class Lab:
    """The lab kept in `directory`. Whatever makes something takes the time at which it is made."""

    directory: Path

    def init(self, state: Ledger, now: datetime, serials: SerialSource, *, replace: bool = False) -> None:
        """Make both parties and their lists; raises LabRefused where a lab stands, unless `replace`."""
        root = sti_ca.found_root(now, serials)
        ca = sti_ca.found(root, state.profile, now, serials)
        pa = sti_pa.found(now, serials)
        files.private_directory(self.directory)
        self._write(
            state.adding("intermediate", ca.intermediate.certificate),
            {
                **_authority_files("root", root),
                **_authority_files("intermediate", ca.intermediate),
                **_authority_files("pa-root", pa),
                "crl.pem": _crl_pem(pa, state, now),
                "trust-list.jws": trust_list.make(
                    pa, [root.certificate], state.trust_list_sequence, now, serials
                ),
            },
            replace=replace,
        )

    def leaf(
        self,
        spc: str,
        now: datetime,
        serials: SerialSource,
        *,
        name: str | None = None,
        numbers: Iterable[str] = (),
        replace: bool = False,
    ) -> str:
        """Issue a leaf for `spc` with a new key and return its name, the SPC itself unless given."""
        name = _checked(name or spc)
        state, key = self.state(), new_key()
        ca = self._sti_ca(state)
        leaf = ca.issue(key.public_key(), now, serials, spc=spc, numbers=numbers)
        self._write(
            state.adding(name, leaf),
            {f"{name}.key": pem.key(key), f"{name}.pem": pem.chain(leaf, ca.intermediate.certificate)},
            replace=replace,
        )
        return name

    def certify(
        self, key: ec.EllipticCurvePublicKey, spc: str, name: str, now: datetime, serials: SerialSource
    ) -> bytes:
        """Issue a leaf named `name` for somebody else's `key`, and return its chain; raises LabRefused."""
        state = self.state()
        ca = self._sti_ca(state)
        leaf = ca.issue(key, now, serials, spc=spc)
        chain = pem.chain(leaf, ca.intermediate.certificate)
        self._write(state.adding(_checked(name), leaf), {f"{name}.pem": chain}, replace=False)
        return chain

    def sti_pa(self) -> Authority:
        """The STI-PA, which vouches for whoever signs in its name; raises LabRefused where there is no lab."""
        return self._authority("pa-root")

    def revoke(self, name: str, now: datetime) -> None:
        """Revoke what was issued as `name` (a leaf, or `intermediate`) and publish a new list."""
        self._publish(self.state().revoking(name, now), now)

    def publish(self, now: datetime) -> None:
        """Publish a new list of the same revocations."""
        self._publish(self.state().next_list(), now)

    def publish_trust_list(
        self, now: datetime, serials: SerialSource, *, lifetime: timedelta = trust_list.LIFETIME
    ) -> None:
        """Publish a new list of trusted STI-CAs, in force for `lifetime`."""
        state = self.state().next_trust_list()
        root = pem.certificates(files.read(self.directory / "root.pem"))[0]
        pa = self._authority("pa-root")
        made = trust_list.make(pa, [root], state.trust_list_sequence, now, serials, lifetime)
        self._write(state, {"trust-list.jws": made}, replace=True)

    def state(self) -> Ledger:
        """What was issued and revoked so far; raises LabRefused where there is no lab."""
        return ledger.from_json(files.read(self.directory / "state.json"))

    def _publish(self, state: Ledger, now: datetime) -> None:
        crl = _crl_pem(self._authority("pa-root"), state, now)
        self._write(state, {"crl.pem": crl}, replace=True)

    def _write(self, state: Ledger, made: Mapping[str, bytes], *, replace: bool) -> None:
        if not replace:
            files.refuse_present(self.directory, made)
        files.write_all(self.directory, {"state.json": state.to_json(), **made})

    def _sti_ca(self, state: Ledger) -> StiCa:
        return StiCa(state.profile, self._authority("intermediate"))

    def _authority(self, name: str) -> Authority:
        certificate = pem.certificates(files.read(self.directory / f"{name}.pem"))[0]
        try:
            return Authority(certificate, load_private_key(self.directory / f"{name}.key"))
        except KeyRefused as refused:
            raise LabRefused(str(refused)) from refused


def _authority_files(name: str, party: Authority) -> dict[str, bytes]:
    return {f"{name}.key": pem.key(party.key), f"{name}.pem": pem.chain(party.certificate)}


def _crl_pem(pa: Authority, state: Ledger, now: datetime) -> bytes:
    crl = sti_pa.make_crl(pa, state.profile.crl_url, state.crl_number, state.revoked, now)
    return pem.crl(crl)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise LabRefused(
            f"{name!r} cannot name a certificate: use letters, digits, - and _, "
            f"and none of {', '.join(sorted(_RESERVED))}"
        )
    return name

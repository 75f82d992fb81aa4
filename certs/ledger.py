"""What the lab has issued and revoked: the memory behind `state.json`. Pure."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509

from certs.profile import SHAKEN_POLICY, Profile
from certs.refusal import LabRefused
from certs.sti_pa import Revoked


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate below the root, and when it was revoked, if it was."""

    name: str
    issuer: x509.Name
    serial: int
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the lab publishes (`base`, a URL), under which policy, and every certificate it issued."""

    base: str
    policy: x509.ObjectIdentifier = SHAKEN_POLICY
    crl_number: int = 1
    trust_list_sequence: int = 1
    issued: tuple[Issued, ...] = ()

    def url(self, file: str) -> str:
        """Where `file` of the lab is served."""
        return f"{self.base}/certs/{file}"

    @property
    def profile(self) -> Profile:
        """What the lab's certificates have in common."""
        return Profile(crl_url=self.url("crl.pem"), policy=self.policy)

    @property
    def revoked(self) -> tuple[Revoked, ...]:
        """The entries of the revocation list."""
        return tuple(Revoked(one.issuer, one.serial, one.revoked) for one in self.issued if one.revoked)

    def adding(self, name: str, certificate: x509.Certificate) -> "Ledger":
        """The ledger after `certificate` was issued as `name`."""
        new = Issued(name, certificate.issuer, certificate.serial_number)
        return replace(self, issued=(*self.issued, new))

    def revoking(self, name: str, now: datetime) -> "Ledger":
        """The ledger after every certificate issued as `name` was revoked, and a new list is due.

        Raises LabRefused where there is none, or none left to revoke.
        """
        named = [one for one in self.issued if one.name == name]
        if not named:
            known = ", ".join(sorted({one.name for one in self.issued}))
            raise LabRefused(f"no certificate is named {name!r}; there are: {known}")
        if all(one.revoked for one in named):
            raise LabRefused(f"{name!r} is revoked already")
        issued = tuple(
            replace(one, revoked=now.replace(microsecond=0)) if one in named and not one.revoked else one
            for one in self.issued
        )
        return replace(self, issued=issued).next_list()

    def next_list(self) -> "Ledger":
        """The ledger when a new revocation list is due: its number rises (RFC 5280 §5.2.3)."""
        return replace(self, crl_number=self.crl_number + 1)

    def next_trust_list(self) -> "Ledger":
        """The ledger when a new list of trusted STI-CAs is due: its sequence rises."""
        return replace(self, trust_list_sequence=self.trust_list_sequence + 1)

    def to_json(self) -> bytes:
        """The ledger as `state.json` keeps it."""
        return json.dumps(
            {
                "warning": "TEST ONLY",
                "base": self.base,
                "policy": self.policy.dotted_string,
                "crl_number": self.crl_number,
                "trust_list_sequence": self.trust_list_sequence,
                "issued": [_issued_to_json(one) for one in self.issued],
            },
            indent=2,
        ).encode()


def from_json(text: bytes) -> Ledger:
    """The ledger that `to_json` wrote; raises LabRefused for anything else."""
    try:
        state = json.loads(text)
        return Ledger(
            base=state["base"],
            policy=x509.ObjectIdentifier(state["policy"]),
            crl_number=int(state["crl_number"]),
            trust_list_sequence=int(state.get("trust_list_sequence", 0)),  # a lab older than its list
            issued=tuple(_issued_from_json(one) for one in state["issued"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabRefused(f"state.json is damaged ({error}): make a new lab with init --force") from error


def _issued_to_json(one: Issued) -> dict[str, str | None]:
    return {
        "name": one.name,
        "issuer": one.issuer.rfc4514_string(),
        "serial": f"{one.serial:x}",
        "revoked": one.revoked.isoformat() if one.revoked else None,
    }


def _issued_from_json(one: dict[str, str | None]) -> Issued:
    revoked = one["revoked"]
    return Issued(
        name=str(one["name"]),
        issuer=x509.Name.from_rfc4514_string(str(one["issuer"])),
        serial=int(str(one["serial"]), 16),
        revoked=datetime.fromisoformat(revoked) if revoked else None,
    )

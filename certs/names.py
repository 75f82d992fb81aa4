"""Who is who in the lab, with TEST ONLY said in every subject.

The profile fixes the leaf's common name to `SHAKEN <SPC>` exactly, so its warning stands in the organization;
the authorities say it in both. CA names contain SHAKEN, the root's also ROOT (ATIS-1000080).
"""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.refusal import LabRefused

_SPC = re.compile(r"[0-9A-Z]+")  # ATIS-1000080 v005: digits and capitals only


def _name(organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"TEST ONLY {organization}"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


ROOT = _name("lab STI-CA", "TEST ONLY SHAKEN ROOT")
INTERMEDIATE = _name("lab STI-CA", "TEST ONLY SHAKEN Intermediate CA")
STI_PA = _name("lab STI-PA", "TEST ONLY STI-PA CRL")
TRUST_LIST = _name("lab STI-PA", "TEST ONLY STI-PA trust list")
TOKENS = _name("lab STI-PA", "TEST ONLY STI-PA SPC tokens")


def service_provider(spc: str) -> x509.Name:
    """The subject of the leaf for service provider code `spc`; raises LabRefused where that is not one."""
    if not _SPC.fullmatch(spc):
        raise LabRefused(f"{spc!r} is not a service provider code: digits and capitals only, such as 616H")
    return _name("lab service provider", f"SHAKEN {spc}")

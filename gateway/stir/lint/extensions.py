"""The rules on a certificate's extensions: ATIS-1000080 v005 §6.4.1, with RFC 8226 and RFC 9118 where they add."""

import re

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from gateway.stir import tnauthlist
from gateway.stir.lint.rule import (
    TN_AUTH_LIST,
    V004,
    V005,
    Departs,
    Doubtful,
    Examined,
    NotApplicable,
    Rule,
    depart,
    rule,
)

US_POLICIES = {
    "2.16.840.1.114569.1.1.3": "the US policy 1.3",
    "2.16.840.1.114569.1.1.4": "the US policy 1.4",
}
"""SHAKEN certificate policies of the US STI-PA that new certificates may name."""

OBSOLETE_POLICY = "2.16.840.1.114569.1.1.1"
"""Replaced by 1.3 together with v004."""

_JWT_CONSTRAINTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.27")  # RFC 8226 §8
_ENHANCED_CONSTRAINTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.33")  # RFC 9118 §3
_CONSTRAINTS = frozenset({_JWT_CONSTRAINTS, _ENHANCED_CONSTRAINTS})

_CRITICAL = frozenset({ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE})
_LISTED = _CRITICAL | {
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    TN_AUTH_LIST,
}

_USES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}

_is_spc = re.compile(r"[0-9A-Z]+").fullmatch


@rule("ATIS-1000080 §6.4.1")
def basic_constraints(one: Examined) -> str:
    """There, critical; a path length is a CA's alone (RFC 5280 §4.2.1.9)."""
    found = one.required(x509.BasicConstraints)
    if not found.critical:
        raise Departs("not critical")
    length = found.value.path_length
    return f"CA: {found.value.ca}" + ("" if length is None else f", path length {length}")


@rule("ATIS-1000080 §6.4.1")
def key_usage(one: Examined) -> str:
    """There, critical. Leaf: digitalSignature alone. CA: keyCertSign, from v005 alone."""
    found = one.required(x509.KeyUsage)
    uses = [name for field, name in _USES.items() if getattr(found.value, field)]
    told = ", ".join(uses) or "no use"
    if not found.critical:
        raise Departs("not critical")
    if one.role == "leaf":
        return told if uses == ["digitalSignature"] else depart(f"{told}; only digitalSignature will do")
    if one.role == "crl-issuer":
        return told if "cRLSign" in uses else depart(f"{told} without cRLSign")
    if "keyCertSign" not in uses or not {"keyCertSign", "digitalSignature", "cRLSign"}.issuperset(uses):
        raise Departs(f"{told}; keyCertSign and at most digitalSignature and cRLSign will do")
    if uses != ["keyCertSign"]:
        raise Doubtful(f"{told}; v005 wants keyCertSign alone, earlier versions allow the others")
    return told


@rule("ATIS-1000080 §6.4.1")
def subject_key_identifier(one: Examined) -> str:
    """There; from v005 it is the SHA-1 of the key."""
    digest = one.required(x509.SubjectKeyIdentifier).value.digest
    if digest != x509.SubjectKeyIdentifier.from_public_key(one.certificate.public_key()).digest:
        raise Departs(f"{digest.hex()} is not the SHA-1 of the key", V005)
    return digest.hex()


@rule("ATIS-1000080 §6.4.1")
def authority_key_identifier(one: Examined) -> str:
    """On leaf and intermediate; a root may have one, equal to its own SKI."""
    own_root = one.role in ("root", "crl-issuer")
    found = (
        one.extension(x509.AuthorityKeyIdentifier) if own_root else one.required(x509.AuthorityKeyIdentifier)
    )
    if found is None:
        return "absent"
    identifier = found.value.key_identifier
    if identifier is None:
        raise Departs("without keyIdentifier")
    if own_root and identifier != one.required(x509.SubjectKeyIdentifier).value.digest:
        raise Departs(f"{identifier.hex()} is not its own SKI")
    return identifier.hex()


@rule("ATIS-1000080 §6.4.1")
def certificate_policies(one: Examined) -> str:
    """Leaf and intermediate name exactly one policy, the STI-PA's; a root names none from v005."""
    if one.role in ("root", "crl-issuer"):
        return _absent(one, x509.CertificatePolicies)
    policies = [each.policy_identifier.dotted_string for each in one.required(x509.CertificatePolicies).value]
    if len(policies) != 1:
        raise Departs(f"{len(policies)} policies where one is wanted")
    (policy,) = policies
    if policy == OBSOLETE_POLICY:
        raise Departs(f"{policy}, the first US policy, which is obsolete", V004)
    if policy not in US_POLICIES:
        raise Doubtful(f"{policy} is no policy of the US STI-PA")
    return f"{policy}, {US_POLICIES[policy]}"


@rule("ATIS-1000080 §6.4.1")
def crl_distribution_points(one: Examined) -> str:
    """Leaf and intermediate: one entry, the URL of the STI-PA's list and from v004 its issuer; a root: none."""
    if one.role in ("root", "crl-issuer"):
        return _absent(one, x509.CRLDistributionPoints)
    points = list(one.required(x509.CRLDistributionPoints).value)
    if len(points) != 1:
        raise Departs(f"{len(points)} entries where one is wanted", V004)
    (point,) = points
    urls = [name.value for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]
    if len(urls) != 1 or not urls[0].startswith(("https://", "http://")):
        raise Departs("no HTTP URL of the list")
    if not any(isinstance(name, x509.DirectoryName) for name in point.crl_issuer or ()):
        raise Departs(f"{urls[0]} without cRLIssuer", V004)
    return urls[0]


@rule("ATIS-1000080 §6.4.1, RFC 8226 §9")
def tn_auth_list(one: Examined) -> str:
    """A leaf's names one service provider, in digits and capitals, and no number; no CA has one."""
    scope = one.scope()
    if one.role != "leaf":
        return (
            "absent"
            if scope is None
            else depart("a CA has one, which only a delegating one may (RFC 9060 §4)")
        )
    if scope is None:
        raise Departs("missing: the certificate speaks for nobody")
    codes = [entry.code for entry in scope if isinstance(entry, tnauthlist.Spc)]
    if not codes:
        raise Doubtful(
            "numbers without SPC: a delegate certificate (RFC 9060), which SHAKEN alone does not know"
        )
    if len(codes) > 1:
        raise Departs(f"{len(codes)} SPCs where one is wanted: {', '.join(codes)}")
    if len(scope) > 1:
        raise Departs(f"numbers beside the SPC {codes[0]}", V005)
    if _is_spc(codes[0]) is None:
        raise Departs(f"SPC {codes[0]} is not digits and capitals", V005)
    return f"SPC {codes[0]}"


@rule("RFC 8226 §8, RFC 9118 §3")
def jwt_claim_constraints(one: Examined) -> str:
    """Only a leaf has them; that one limits claims is beyond the SHAKEN profile."""
    found = [each for each in one.certificate.extensions if each.oid in _CONSTRAINTS]
    if not found:
        raise NotApplicable("absent")
    if one.role != "leaf":
        raise Departs("on a CA, which signs no claims")
    raise Doubtful("present: delegates have them (ATIS-1000092), SHAKEN certificates do not")


@rule("ATIS-1000080 §6.4.1.1")
def listed_extensions(one: Examined) -> str:
    """From v005 no extension that the profile does not name."""
    found = {each.oid for each in one.certificate.extensions}
    if others := sorted(oid.dotted_string for oid in found - _LISTED - _CONSTRAINTS):
        raise Departs(f"not in the profile: {', '.join(others)}", V005)
    return f"{len(found)} extensions"


@rule("ATIS-1000080 §6.4.1.1, RFC 9118 §3")
def critical_extensions(one: Examined) -> str:
    """None is critical but basicConstraints and keyUsage: a verifier would have to refuse what it does not know."""
    found = [
        each.oid.dotted_string
        for each in one.certificate.extensions
        if each.critical and each.oid not in _CRITICAL
    ]
    return depart(f"critical: {', '.join(found)}") if found else "basicConstraints and keyUsage at most"


def _absent(one: Examined, kind: type[x509.ExtensionType]) -> str:
    return "absent" if one.extension(kind) is None else depart("present on a root", V005)


EXTENSIONS: tuple[Rule[Examined], ...] = (
    basic_constraints,
    key_usage,
    subject_key_identifier,
    authority_key_identifier,
    certificate_policies,
    crl_distribution_points,
    tn_auth_list,
    jwt_claim_constraints,
    listed_extensions,
    critical_extensions,
)
"""In the order in which they are told."""

"""What a process trusts follows the files behind it, and no file that goes bad takes away what was in force."""

from collections.abc import Callable
from dataclasses import replace as replace_fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from structlog.testing import capture_logs

from certs import extensions, names, pem, profile, sti_pa, trust_list
from certs.authority import Authority, new_key
from certs.builders import NOW, counted_serials, make_chain, make_delegate
from certs.extensions import authority_key
from gateway.stir import chain
from gateway.stir.path import Anchors
from gateway.stir.reasons import Reason
from gateway.stir.tnauthlist import Spc
from gateway.store.files import replace
from gateway.trust.trust import LIST_FILE, Trust

SERIALS = counted_serials()
CHAIN, OTHER = make_chain(), make_chain()
PA, OTHER_PA = CHAIN.sti_pa, OTHER.sti_pa
AT = NOW.timestamp()
DAY = 86_400.0
URL = "https://pa.example.test/trust-list"

ROOT, OTHER_ROOT, PA_ROOT = CHAIN.root.certificate, OTHER.root.certificate, PA.certificate


class Clock:
    now = AT

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A file of certificates or bytes."""

    def written(name: str, *content: x509.Certificate | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        replace(path, b"".join(each if isinstance(each, bytes) else pem.chain(each) for each in content))
        return path

    return written


@pytest.fixture
def trust(tmp_path: Path, clock: Clock) -> Callable[..., Trust]:
    def made(**sources: Any) -> Trust:
        return Trust(tmp_path / "trust", clock, **sources)

    return made


def listed(sequence: int, *trusted: x509.Certificate, by: Authority = PA, days: float = 1) -> bytes:
    return trust_list.make(by, trusted, sequence, NOW, SERIALS, timedelta(days=days))


def trusted(found: Trust) -> set[x509.Certificate]:
    return set(found.anchors.certificates)


def reason(found: Trust) -> Reason | None:
    """What the revocations in force say of the chain."""
    return found.revocations.problem(chain.trust(chain.read(CHAIN.pem), found.anchors, AT), AT, required=True)


Write = Callable[..., Path]
Make = Callable[..., Trust]


def test_before_it_looked_nobody_is_trusted(trust: Make, write: Write) -> None:
    found = trust(trust_anchors=[write("root.pem", ROOT)])
    assert not found.anchors
    assert (found.revocations.lists, found.trust_list, found.problems) == ((), None, ())


def test_without_any_source_nobody_is_trusted_and_nothing_is_wrong(trust: Make) -> None:
    found = trust()
    found.changed()
    assert not found.anchors
    assert found.problems == ()
    assert not found.changed()


# Anchors


@pytest.mark.parametrize("bad", [b"", pem.chain(CHAIN.leaf), None], ids=["empty", "no CA", "gone"])
def test_the_last_good_anchors_stay(trust: Make, write: Write, bad: bytes | None) -> None:
    path = write("root.pem", ROOT)
    found = trust(trust_anchors=[path])
    assert found.changed()
    if bad is None:
        path.unlink()
    else:
        replace(path, bad)
    assert found.changed()
    assert trusted(found) == {ROOT}
    assert len(found.problems) == 1
    replace(path, pem.chain(OTHER_ROOT))
    assert found.changed()
    assert (trusted(found), found.problems) == ({OTHER_ROOT}, ())


def test_a_change_is_seen_once(trust: Make, write: Write) -> None:
    found = trust(trust_anchors=[write("root.pem", ROOT)])
    assert found.changed()
    assert not found.changed()
    version = found.anchors.version
    write("root.pem", ROOT, PA_ROOT)
    assert found.changed()
    assert found.anchors.version != version
    assert not found.changed()


def test_a_file_more_or_less_in_a_folder_is_a_change(trust: Make, write: Write, tmp_path: Path) -> None:
    write("anchors/root.pem", ROOT)
    found = trust(trust_anchors=[tmp_path / "anchors"])
    found.changed()
    second = write("anchors/other.pem", OTHER_ROOT)
    assert found.changed()
    assert trusted(found) == {ROOT, OTHER_ROOT}
    second.unlink()
    assert found.changed()
    assert trusted(found) == {ROOT}


def test_an_expired_anchor_is_told_of_and_loaded(trust: Make, write: Write, clock: Clock) -> None:
    clock.now = AT + 30 * 365 * DAY
    found = trust(trust_anchors=[write("root.pem", ROOT)])
    found.changed()
    assert trusted(found) == {ROOT}
    assert "has expired" in found.problems[0]


def test_a_problem_is_logged_once(trust: Make, write: Write) -> None:
    found = trust(trust_anchors=[write("root.pem", b"")])
    with capture_logs() as told:
        found.changed()
        write("root.pem", b"still none")
        found.changed()
    assert [each["event"] for each in told if each["log_level"] == "warning"] == ["trust.problem"]


# The trust list


@pytest.mark.parametrize("kind", ["file", "url"])
def test_the_cas_of_the_list_are_trusted_beside_the_anchors(trust: Make, write: Write, kind: str) -> None:
    path = write(f"trust/{LIST_FILE}" if kind == "url" else "list.jws", listed(1, ROOT))
    found = trust(
        trust_anchors=[write("own.pem", OTHER_ROOT)],
        trust_list=URL if kind == "url" else path,
        trust_list_signer=write("pa.pem", PA_ROOT),
    )
    found.changed()
    assert trusted(found) == {ROOT, OTHER_ROOT}
    assert (found.problems, found.list_url) == ((), URL if kind == "url" else None)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        pytest.param(b"", "not-a-jws", id="empty"),
        pytest.param(listed(9, OTHER_ROOT, by=OTHER_PA), "signer-not-pinned", id="a stranger's"),
        pytest.param(listed(4, OTHER_ROOT), "sequence-lower", id="an older one"),
        pytest.param(listed(5, OTHER_ROOT), "sequence-reused", id="another of the same sequence"),
        pytest.param(listed(6, OTHER_ROOT, days=-0.0001), "expired", id="an expired one"),
        pytest.param(None, "No such file", id="gone"),
    ],
)
def test_the_last_good_list_stays(trust: Make, write: Write, bad: bytes | None, told: str) -> None:
    path = write("list.jws", listed(5, ROOT))
    found = trust(trust_list=path, trust_list_signer=write("pa.pem", PA_ROOT))
    found.changed()
    if bad is None:
        path.unlink()
    else:
        replace(path, bad)
    assert found.changed()
    assert trusted(found) == {ROOT}
    assert found.trust_list is not None
    assert found.trust_list.sequence == 5
    (problem,) = found.problems
    assert problem.startswith(f"{path}: ")
    assert told in problem


def test_a_newer_list_replaces_the_older(trust: Make, write: Write) -> None:
    path = write("list.jws", listed(5, ROOT))
    found = trust(trust_list=path, trust_list_signer=write("pa.pem", PA_ROOT))
    found.changed()
    replace(path, listed(6, OTHER_ROOT))
    assert found.changed()
    assert (trusted(found), found.problems) == ({OTHER_ROOT}, ())


def test_a_list_that_expires_stays_in_force_with_an_alarm(trust: Make, write: Write, clock: Clock) -> None:
    found = trust(trust_list=write("list.jws", listed(5, ROOT)), trust_list_signer=write("pa.pem", PA_ROOT))
    found.changed()
    assert found.problems == ()
    clock.now = AT + DAY + 1
    with capture_logs() as told:
        assert found.changed()
    assert trusted(found) == {ROOT}
    assert "has expired and is still in force" in found.problems[0]
    assert [each["event"] for each in told if each["log_level"] == "warning"] == ["trust.problem"]
    assert not found.changed()


def test_a_list_that_expired_while_nothing_ran_is_in_force_with_an_alarm(
    trust: Make, write: Write, clock: Clock
) -> None:
    clock.now = AT + 3 * DAY
    found = trust(trust_list=write("list.jws", listed(5, ROOT)), trust_list_signer=write("pa.pem", PA_ROOT))
    found.changed()
    assert trusted(found) == {ROOT}
    assert len(found.problems) == 1
    assert found.trust_list is not None
    assert found.trust_list.seconds_left(clock.now) == -2 * DAY


def test_under_another_pin_the_old_list_counts_no_more(trust: Make, write: Write) -> None:
    path, pin = write("list.jws", listed(5, ROOT)), write("pa.pem", PA_ROOT)
    found = trust(trust_list=path, trust_list_signer=pin)
    found.changed()
    write("pa.pem", OTHER_PA.certificate)
    found.changed()
    assert (trusted(found), found.trust_list) == (set(), None)
    write("list.jws", listed(1, OTHER_ROOT, by=OTHER_PA))
    found.changed()
    assert (trusted(found), found.problems) == ({OTHER_ROOT}, ())


def test_a_pin_that_cannot_be_read_leaves_the_last_good_one(trust: Make, write: Write) -> None:
    path, pin = write("list.jws", listed(5, ROOT)), write("pa.pem", PA_ROOT)
    found = trust(trust_list=path, trust_list_signer=pin)
    found.changed()
    pin.unlink()
    write("list.jws", listed(6, OTHER_ROOT))
    found.changed()
    assert trusted(found) == {OTHER_ROOT}
    assert found.problems == (f"{pin}: cannot be read: No such file or directory",)


def test_a_list_of_which_no_signer_is_pinned_is_refused(trust: Make, write: Write) -> None:
    found = trust(trust_list=write("list.jws", listed(1, ROOT)))
    found.changed()
    assert not found.anchors
    assert "signer-not-pinned" in found.problems[0]


# Revocation


def test_lists_named_and_lists_fetched_are_in_force(trust: Make, write: Write, tmp_path: Path) -> None:
    named = write("sti-pa.crl", pem.crl(CHAIN.crl()))
    found = trust(trust_anchors=[write("a.pem", ROOT, PA_ROOT)], crls=[named])
    found.changed()
    assert reason(found) is None
    found.crl_folder.keep("https://pa.example.test/crl", pem.crl(CHAIN.crl(CHAIN.leaf)))
    assert found.changed()
    assert reason(found) is Reason.CERTIFICATE_REVOKED
    assert len(found.revocations.lists) == 2


def test_a_list_of_nobody_trusted_is_not_in_force(trust: Make, write: Write) -> None:
    named = write("sti-pa.crl", pem.crl(OTHER.crl(CHAIN.leaf)))
    found = trust(trust_anchors=[write("a.pem", ROOT, PA_ROOT)], crls=[named])
    found.changed()
    assert found.problems == (f"{named}: untrusted",)
    assert reason(found) is Reason.CRL_UNAVAILABLE


def test_the_distribution_points_of_a_trusted_chain_are_wanted_unless_configured(
    trust: Make, write: Write, tmp_path: Path
) -> None:
    anchors = [write("a.pem", ROOT)]
    found, other = trust(trust_anchors=anchors), trust(trust_anchors=anchors)
    found.changed()
    met = chain.trust(chain.read(CHAIN.pem), found.anchors, AT)
    configured = trust(crls=list(met.crl_urls))
    configured.want(met)
    assert other.crl_urls == ()
    found.want(met)
    assert other.crl_urls == met.crl_urls == configured.crl_urls
    assert len(met.crl_urls) == 1


SIGNING = make_chain(
    intermediate=lambda ca: ca.having(extensions.key_usage("key_cert_sign", "crl_sign"), critical=True)
)
MET = chain.trust(chain.read(SIGNING.pem), Anchors([SIGNING.root.certificate]), AT)


def direct(by: Authority, *revoked: x509.Certificate, issuer: x509.Name = names.INTERMEDIATE) -> bytes:
    """The list that a CA signs for what it issued itself."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.serial_number).revocation_date(NOW)
        builder = builder.add_revoked_certificate(entry.build())
    return pem.crl(builder.sign(by.key, hashes.SHA256()))


def test_a_ca_that_one_process_met_may_have_signed_lists_for_all(trust: Make, write: Write) -> None:
    """RFC 5280 §6.3.3: the issuer of a certificate may sign the list that revokes it."""
    named = write("ca.crl", direct(SIGNING.intermediate, SIGNING.leaf))
    anchors = [write("a.pem", SIGNING.root.certificate)]
    edge, sidecar = (trust(trust_anchors=anchors, crls=[named]) for _ in range(2))
    for each in (edge, sidecar):
        each.changed()
        assert each.problems == (f"{named}: untrusted",)
    edge.want(MET)
    for each in (edge, sidecar):
        assert each.changed()
        assert each.problems == ()
        assert each.revocations.problem(MET, AT, required=False) is Reason.CERTIFICATE_REVOKED
        assert not each.changed()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(direct(OTHER.intermediate, SIGNING.leaf), id="a namesake's"),
        pytest.param(direct(OTHER.root, SIGNING.leaf), id="in the CA's name"),
        pytest.param(direct(SIGNING.intermediate, SIGNING.leaf, issuer=names.STI_PA), id="in another's name"),
        pytest.param(
            direct(SIGNING.intermediate, SIGNING.leaf).replace(b"\n", b"\nAAAA", 1), id="one that was changed"
        ),
    ],
)
def test_a_forged_list_is_not_in_force_though_the_ca_is_known(
    trust: Make, write: Write, content: bytes
) -> None:
    found = trust(trust_anchors=[write("a.pem", SIGNING.root.certificate)], crls=[write("ca.crl", content)])
    found.want(MET)
    found.changed()
    assert len(found.problems) == 1
    assert found.revocations.lists == ()
    with pytest.raises(ValueError, match=r"untrusted|unreadable"):
        found.judge_crl(URL, content)


def test_a_met_ca_that_leads_to_no_anchor_makes_no_list_good(trust: Make, write: Write) -> None:
    named = write("ca.crl", direct(SIGNING.intermediate, SIGNING.leaf))
    found = trust(trust_anchors=[write("a.pem", OTHER_ROOT)], crls=[named])
    found.want(MET)
    found.changed()
    assert found.problems == (f"{named}: untrusted",)


def test_a_leaf_among_the_anchors_is_told_of_and_validates_nothing(trust: Make, write: Write) -> None:
    found = trust(trust_anchors=[write("a.pem", CHAIN.leaf, PA_ROOT)])
    found.changed()
    assert trusted(found) == {PA_ROOT}
    assert "is not a CA" in found.problems[0]
    with pytest.raises(chain.ChainRefused):
        chain.trust(chain.read(CHAIN.pem), found.anchors, AT)


def test_a_signer_of_lists_among_the_anchors_is_trusted_for_lists_alone(trust: Make, write: Write) -> None:
    """It signs a list; neither it nor what it signed makes a call good."""
    signer = make_delegate(
        PA,
        [Spc("616H")],
        defect=lambda each: each.having(extensions.key_usage("digital_signature", "crl_sign"), critical=True),
    )
    below = make_delegate(signer, [Spc("616H")])
    named = write("pa.crl", pem.crl(sti_pa.make_crl(signer, URL, 1, [], NOW)))
    found = trust(trust_anchors=[write("a.pem", signer.certificate)], crls=[named])
    found.changed()
    assert (trusted(found), found.problems) == ({signer.certificate}, ())
    assert len(found.revocations.lists) == 1
    for each in ((signer.certificate,), (below.certificate, signer.certificate)):
        with pytest.raises(chain.ChainRefused):
            chain.trust(each, found.anchors, AT)


def test_what_may_be_put_in_force_is_judged_as_what_is(trust: Make, write: Write) -> None:
    found = trust(
        trust_anchors=[write("a.pem", PA_ROOT)],
        trust_list=write("list.jws", listed(5, ROOT)),
        trust_list_signer=write("pa.pem", PA_ROOT),
    )
    found.changed()
    assert found.judge_list(listed(6, ROOT)).sequence == 6
    with pytest.raises(ValueError, match="sequence-lower"):
        found.judge_list(listed(4, ROOT))
    found.crl_folder.keep(URL, pem.crl(CHAIN.crl(now=NOW + timedelta(hours=1))))
    found.changed()
    with pytest.raises(ValueError, match="older-than-in-force"):
        found.judge_crl(URL, pem.crl(CHAIN.crl()))


def test_a_pinned_certificate_may_have_signed_revocations_too(trust: Make, write: Write) -> None:
    key = new_key()
    own = profile.sti_pa(key.public_key(), NOW, SERIALS()).having(authority_key(PA_ROOT).value)
    signer = Authority(PA.issue(replace_fields(own, subject=names.TRUST_LIST, issuer=PA_ROOT.subject)), key)
    content = pem.crl(sti_pa.make_crl(signer, URL, 1, [], NOW))
    found = trust(
        trust_anchors=[write("a.pem", PA_ROOT)], trust_list_signer=write("pa.pem", signer.certificate)
    )
    found.changed()
    assert found.judge_crl(URL, content)

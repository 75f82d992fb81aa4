"""Keys and certificates change whole or not at all, and what is refused leaves everything as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from certs import pem
from certs.builders import NOW, make_chain
from gateway.credentials.manifest import Manifest
from gateway.credentials.request import CsrSubject
from gateway.stir import tnauthlist
from gateway.stir.revocation import Revocations, read_crl
from gateway.trust.credential import TN_AUTH_LIST, Credential, CredentialRefused, credential_of
from tests.custody import CERTS_URL, ISSUER, Custody, leaf_of

SUBJECT = CsrSubject("616H", "US", "Example Telecom")


def configured(custody: Custody) -> Credential:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = leaf_of(key.public_key(), ISSUER.intermediate, "616H", custody.now)
    chain = (leaf, ISSUER.intermediate.certificate)
    return credential_of("configured", key, chain, f"{CERTS_URL}configured.pem", "test")


def listing(custody: Custody, chain: bytes) -> None:
    """Put a revocation list in force that names the leaf of a chain."""
    leaf = x509.load_pem_x509_certificate(chain)
    listed = read_crl(pem.crl(ISSUER.crl(leaf)) + pem.chain(ISSUER.sti_pa.certificate))
    anchors = custody.trust.anchors
    anchors = type(anchors)((*anchors.certificates, ISSUER.sti_pa.certificate))
    custody.trust.revocations = Revocations.of([listed], anchors, custody.now)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(CredentialRefused) as caught:
        action()
    return caught.value.reason


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        pytest.param(b"", "certificate-unreadable", id="nothing"),
        pytest.param(b"\0\xff" * 50, "certificate-unreadable", id="binary garbage"),
        pytest.param(b"x" * 10_000_000, "chain-too-long", id="ten megabytes"),
        pytest.param(
            ISSUER.leaf_key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
            ),
            "chain-holds-a-key",
            id="an encrypted key",
        ),
        pytest.param(make_chain().pem, "no-key-for-certificate", id="somebody else's"),
    ],
)
def test_a_file_that_is_no_chain_of_ours_is_refused(custody: Custody, chain: bytes, reason: str) -> None:
    custody.custodian.make_key("main")
    assert refusal(lambda: custody.custodian.install(chain)) == reason
    assert custody.custodian.view().certificates == ()


def test_a_leaf_on_another_curve_is_refused(custody: Custody) -> None:
    wrong = make_chain(leaf_key=ec.generate_private_key(ec.SECP384R1()))
    assert refusal(lambda: custody.custodian.install(wrong.pem)) == "certificate-key"


def test_a_chain_that_does_not_begin_with_its_leaf_is_refused(custody: Custody) -> None:
    key = custody.custodian.make_key("main")
    leaf, issuer = x509.load_pem_x509_certificates(custody.chain(key))
    assert refusal(lambda: custody.custodian.install(pem.chain(issuer, leaf))) == "leaf-not-first"


def test_a_chain_to_an_unknown_root_is_refused(custody: Custody) -> None:
    stranger = make_chain()
    key = custody.custodian.make_key("main")
    public = x509.load_pem_x509_certificates(custody.chain(key))[0].public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    leaf = leaf_of(public, stranger.intermediate, "616H", custody.now)
    chain = pem.chain(leaf, stranger.intermediate.certificate)
    assert refusal(lambda: custody.custodian.install(chain)) == "certificate-untrusted"


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        pytest.param(timedelta(days=400), "certificate-expired", id="expired"),
        pytest.param(timedelta(days=-1), "certificate-not-yet-valid", id="from the future"),
    ],
)
def test_a_chain_that_is_not_valid_now_is_refused(custody: Custody, later: timedelta, reason: str) -> None:
    chain = custody.chain(custody.custodian.make_key("main"))
    custody.now += later.total_seconds()
    assert refusal(lambda: custody.custodian.install(chain)) == reason


def test_a_chain_on_a_revocation_list_is_refused(custody: Custody) -> None:
    chain = custody.chain(custody.custodian.make_key("main"))
    listing(custody, chain)
    assert refusal(lambda: custody.custodian.install(chain)) == "certificate-revoked"


def test_a_chain_that_breaks_the_profile_is_refused_with_every_fault(custody: Custody) -> None:
    key = custody.custodian.make_key("main")
    nameless = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SHAKEN 709J")])
    chain = custody.chain(key, leaf=lambda leaf: replace(leaf, subject=nameless))
    with pytest.raises(CredentialRefused) as caught:
        custody.custodian.install(chain)
    assert caught.value.reason == "profile-broken"
    assert len(caught.value.details) >= 3


def test_a_name_is_never_given_twice_even_after_its_certificate_is_gone(custody: Custody) -> None:
    custody.installed("first")
    custody.custodian.delete_certificate("first")
    key = custody.custodian.make_key("another")
    assert refusal(lambda: custody.custodian.install(custody.chain(key), "first")) == "name-taken"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "x" * 65, "a b", "a\n"])
def test_a_name_that_could_not_stand_in_a_url_is_refused(custody: Custody, name: str) -> None:
    chain = custody.chain(custody.custodian.make_key("main"))
    if name:
        assert refusal(lambda: custody.custodian.install(chain, name)) == "name-malformed"
    else:
        assert custody.custodian.install(chain, name).certificate.name.startswith("main-")


def test_a_chain_is_installed_once(custody: Custody) -> None:
    chain = custody.chain(custody.custodian.make_key("main"))
    custody.custodian.install(chain, "first")
    assert refusal(lambda: custody.custodian.install(chain, "second")) == "already-installed"


def test_nothing_is_installed_without_a_public_url(custody: Custody) -> None:
    custody.certs_url = None
    chain = custody.chain(custody.custodian.make_key("main"))
    assert refusal(lambda: custody.custodian.install(chain)) == "certs-url-missing"


def test_a_certificate_that_cannot_sign_now_is_not_activated(custody: Custody) -> None:
    old, new = custody.installed("old"), custody.installed("new")
    custody.custodian.activate(old)
    custody.custodian.revoke(new, "key lost")
    assert refusal(lambda: custody.custodian.activate(new)) == "certificate-revoked"
    custody.now += timedelta(days=400).total_seconds()
    assert refusal(lambda: custody.custodian.activate(old, "acme")) == "certificate-expired"
    assert custody.active() == old


def test_a_certificate_whose_key_is_gone_is_not_activated(custody: Custody) -> None:
    old, new = custody.installed("old"), custody.installed("new")
    custody.custodian.activate(old)
    key = custody.custodian.view().certificate(new).key_id
    (custody.folder / "keys" / f"{key}.pem").unlink()
    assert refusal(lambda: custody.custodian.activate(new)) == "key-missing"
    assert custody.active() == old


def test_another_key_in_the_place_of_the_right_one_is_found_out(custody: Custody) -> None:
    name, other = custody.installed("main"), custody.custodian.make_key("other")
    keys = custody.folder / "keys"
    (keys / f"{other.id}.pem").replace(keys / f"{custody.custodian.view().certificate(name).key_id}.pem")
    assert refusal(lambda: custody.custodian.activate(name)) == "key-cannot-sign"


def test_a_key_open_to_others_signs_nothing(custody: Custody) -> None:
    name = custody.installed("main")
    key = custody.custodian.view().certificate(name).key_id
    (custody.folder / "keys" / f"{key}.pem").chmod(0o640)
    assert refusal(lambda: custody.custodian.activate(name)) == "key-readable-by-others"


def test_what_signs_is_neither_retired_nor_deleted(custody: Custody) -> None:
    name = custody.installed("main")
    custody.custodian.activate(name, "acme")
    assert refusal(lambda: custody.custodian.retire(name)) == "certificate-active"
    assert refusal(lambda: custody.custodian.delete_certificate(name)) == "certificate-active"


def test_a_key_that_a_certificate_needs_is_not_deleted(custody: Custody) -> None:
    custody.installed("main")
    (key,) = custody.custodian.view().keys
    assert refusal(lambda: custody.custodian.delete_key(key.id)) == "key-in-use"


def test_a_change_by_somebody_who_has_not_seen_the_last_one_is_refused(custody: Custody) -> None:
    old, new = custody.installed("old"), custody.installed("new")
    seen = custody.custodian.view().revision
    custody.custodian.activate(old, if_revision=seen)
    assert refusal(lambda: custody.custodian.activate(new, if_revision=seen)) == "changed-meanwhile"
    assert custody.active() == old


def test_of_two_rotations_at_once_one_is_refused(custody: Custody) -> None:
    names = [custody.installed("one"), custody.installed("two")]
    seen, both = custody.custodian.view().revision, Barrier(2)
    outcomes: list[str] = []

    def rotate(name: str) -> None:
        custodian = custody.custodian
        both.wait()
        try:
            custodian.activate(name, if_revision=seen)
            outcomes.append("done")
        except CredentialRefused as refused:
            outcomes.append(refused.reason)

    threads = [Thread(target=rotate, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed-meanwhile", "done"]
    assert custody.custodian.view().revision == seen + 1


def test_without_an_earlier_certificate_there_is_nothing_to_roll_back(custody: Custody) -> None:
    assert refusal(lambda: custody.custodian.roll_back()) == "nothing-to-roll-back"
    custody.custodian.activate(custody.installed("main"))
    assert refusal(lambda: custody.custodian.roll_back()) == "nothing-to-roll-back"


def test_rolling_back_goes_the_same_way_and_passes_over_what_signs_no_more(custody: Custody) -> None:
    first, second, third = (custody.installed(name) for name in ("first", "second", "third"))
    for name in (first, second, third):
        custody.custodian.activate(name)
    custody.custodian.revoke(second, "by the STI-CA")
    custody.custodian.roll_back()
    assert custody.active() == first


@pytest.mark.parametrize("deleted", [False, True])
def test_an_account_whose_earlier_certificate_signs_no_more_does_not_roll_back_to_the_default(
    custody: Custody, deleted: bool
) -> None:
    custody.custodian.activate(custody.installed("main"))
    for name in ("acme-1", "acme-2"):
        custody.custodian.activate(custody.installed(name, "709J"), "acme")
    custody.custodian.revoke("acme-1", "by the STI-CA")
    if deleted:
        custody.custodian.delete_certificate("acme-1")
    assert refusal(lambda: custody.custodian.roll_back("acme")) == "nothing-to-roll-back"
    assert custody.active("acme") == "acme-2"


def test_the_default_rolls_back_past_what_signs_no_more_to_the_configured_one(custody: Custody) -> None:
    custody.configured = configured(custody)
    for name in ("one", "two"):
        custody.custodian.activate(custody.installed(name))
    custody.custodian.revoke("one", "by the STI-CA")
    custody.custodian.roll_back()
    assert custody.active() is None


def test_nothing_is_rolled_back_to_a_configured_certificate_that_cannot_sign(custody: Custody) -> None:
    custody.configured = replace(configured(custody), not_after=custody.now - 1)
    custody.custodian.activate(custody.installed("main"))
    assert refusal(custody.custodian.roll_back) == "nothing-to-roll-back"


def test_nothing_is_rolled_back_to_a_certificate_whose_key_is_gone(custody: Custody) -> None:
    old, new = custody.installed("old"), custody.installed("new")
    custody.custodian.activate(old)
    custody.custodian.activate(new)
    (custody.folder / "keys" / f"{custody.custodian.view().certificate(old).key_id}.pem").unlink()
    assert refusal(custody.custodian.roll_back) == "key-missing"
    assert custody.active() == new


def test_a_certificate_on_a_revocation_list_is_neither_activated_nor_rolled_back_to(custody: Custody) -> None:
    first, second, third = (custody.installed(name) for name in ("first", "second", "third"))
    for name in (first, second, third):
        custody.custodian.activate(name)
    listing(custody, custody.custodian.view().certificate(second).chain.encode())
    assert refusal(lambda: custody.custodian.activate(second)) == "certificate-revoked"
    custody.custodian.roll_back()
    assert custody.active() == first


def test_an_account_s_first_certificate_does_not_roll_back_to_the_default(custody: Custody) -> None:
    custody.custodian.activate(custody.installed("main"))
    custody.custodian.activate(custody.installed("acme", "709J"), "acme")
    with pytest.raises(CredentialRefused, match="activate one for it by name") as refused:
        custody.custodian.roll_back("acme")
    assert refused.value.reason == "nothing-to-roll-back"
    assert (custody.active("acme"), custody.active()) == ("acme", "main")


def test_a_certificate_s_url_is_its_name_below_the_public_base(custody: Custody) -> None:
    name = custody.installed("main")
    assert custody.custodian.view().certificate(name).x5u == f"{CERTS_URL}main.pem"


def test_a_request_names_the_provider_as_the_profile_wants_it(custody: Custody) -> None:
    key = custody.custodian.make_key("main")
    request = x509.load_der_x509_csr(custody.custodian.csr(key.id, SUBJECT))
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=SHAKEN 616H,O=Example Telecom,C=US"
    scope = request.extensions.get_extension_for_oid(TN_AUTH_LIST).value.public_bytes()
    assert tnauthlist.decode(scope) == (tnauthlist.Spc("616H"),)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        pytest.param(("616h", "US", "x"), "spc-malformed", id="small letters"),
        pytest.param(("616H", "USA", "x"), "country-malformed", id="three letters"),
        pytest.param(("616H", "US", " "), "organization-malformed", id="blank name"),
        pytest.param(("616H", "US", "a\nb"), "organization-malformed", id="two lines"),
    ],
)
def test_a_subject_that_no_ca_takes_is_refused(subject: tuple[str, str, str], reason: str) -> None:
    assert refusal(lambda: CsrSubject(*subject)) == reason


@pytest.mark.parametrize(
    ("passphrase", "given", "reason"),
    [
        pytest.param(b"right", None, "passphrase-needed", id="none"),
        pytest.param(b"right", b"wrong", "passphrase-wrong", id="a wrong one"),
        pytest.param(None, b"any", "passphrase-not-needed", id="one too many"),
    ],
)
def test_a_key_is_imported_with_its_own_passphrase_only(
    custody: Custody, passphrase: bytes | None, given: bytes | None, reason: str
) -> None:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    sent = ISSUER.leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    assert refusal(lambda: custody.custodian.import_key("main", sent, given)) == reason
    assert custody.custodian.import_key("main", sent, passphrase).label == "main"
    assert refusal(lambda: custody.custodian.import_key("again", sent, passphrase)) == "key-known"


def test_a_key_on_another_curve_is_not_imported(custody: Custody) -> None:
    sent = pem.key(ec.generate_private_key(ec.SECP384R1()))
    assert refusal(lambda: custody.custodian.import_key("main", sent)) == "key-not-p256"


def test_every_change_is_recorded_with_who_made_it(custody: Custody) -> None:
    custodian = custody.custodian.by("user:alice")
    key = custodian.make_key("main")
    custodian.install(custody.chain(key), "main")
    custodian.activate("main", note="unchecked: a lab")
    assert [(change.who, change.action, change.key) for change in custody.changes] == [
        ("user:alice", "made", key.id),
        ("user:alice", "installed", "main"),
        ("user:alice", "activated", "main"),
    ]
    assert custody.changes[2].before == {"account": None, "certificate": None}
    assert custody.changes[2].after == {"account": None, "certificate": "main", "note": "unchecked: a lab"}


def test_no_private_key_is_in_any_file_in_the_clear(custody: Custody) -> None:
    custody.custodian.import_key("main", pem.key(ISSUER.leaf_key))
    secret = ISSUER.leaf_key.private_numbers().private_value.to_bytes(32, "big")
    der = ISSUER.leaf_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    files = [path for path in custody.folder.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert secret not in path.read_bytes()
        assert der not in path.read_bytes()


def test_a_manifest_of_many_changes_is_the_same_when_read_again(custody: Custody) -> None:
    custody.custodian.activate(custody.installed("one"))
    custody.custodian.activate(custody.installed("two", "709J"), "acme")
    custody.custodian.revoke("one", "by the STI-CA")
    first, second = custody.custodian.view(), custody.custodian.view()
    assert first == second != Manifest()
    assert first.state_of(first.certificate("one")) == "revoked"
    assert (
        first.certificate("one").fingerprint
        == x509.load_pem_x509_certificate(first.certificate("one").chain.encode()).fingerprint(SHA256()).hex()
    )
    assert NOW.timestamp() == first.certificate("two").installed_at

"""What a process signs with: the last good credentials until better ones can be read, never a mixture, never another's."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from pydantic import TypeAdapter

from certs import pem
from gateway.config import Config
from gateway.credentials import following as module
from gateway.credentials.following import Following
from gateway.credentials.manifest import Manifest
from gateway.credentials.manifest_file import FILE, LOCK, ManifestUnreadable
from gateway.credentials.opening import following_of
from gateway.stir import passport
from gateway.stir.claims import ShakenClaims
from gateway.stir.path import Anchors
from gateway.stir.revocation import Revocations, read_crl
from gateway.trust.credential import Credential, CredentialRefused, credential_of
from tests.custody import ISSUER, Custody, leaf_of

CLAIMS = ShakenClaims(
    "A", ("12155551213",), 1_767_225_600, "12155551212", "123e4567-e89b-12d3-a456-426655440000"
)


@pytest.fixture
def configured(custody: Custody) -> Credential:
    key = generate_private_key(SECP256R1())
    leaf = leaf_of(key.public_key(), ISSUER.intermediate, "616H", custody.now)
    chain = (leaf, ISSUER.intermediate.certificate)
    return credential_of("configured", key, chain, "https://certs.example.test/configured.pem", "test")


def process(
    custody: Custody, configured: Credential | None = None, ordered: Mapping[str, str] | None = None
) -> Following:
    """A process that has just started."""
    made = Following(
        custody.means.file, custody.keyring, configured, lambda: custody.trust.revocations, ordered or {}
    )
    made.changed()
    return made


def name(made: Following, account: str | None = None) -> str | None:
    found = made.current.for_account(account)
    return found.name if found else None


def spoil(custody: Custody) -> None:
    path = custody.folder / FILE
    path.write_bytes(path.read_bytes()[:-20])


def test_a_process_that_starts_with_a_spoilt_manifest_signs_nothing(
    custody: Custody, configured: Credential
) -> None:
    custody.custodian.activate(custody.installed("main"))
    spoil(custody)
    made = process(custody, configured)
    assert name(made) is None
    assert made.problems[0].startswith("credentials-unreadable: ")


def test_a_manifest_that_was_taken_away_while_nothing_ran_is_missed(
    custody: Custody, configured: Credential
) -> None:
    custody.custodian.activate(custody.installed("main"))
    (custody.folder / FILE).unlink()
    made = process(custody, configured)
    assert name(made) is None
    assert "is gone: put it back from a backup" in made.problems[0]
    with pytest.raises(ManifestUnreadable):
        custody.custodian.make_key("another")
    (custody.folder / LOCK).unlink()
    assert name(process(custody, configured)) == "configured"


def test_a_first_change_that_is_refused_leaves_a_node_that_can_begin(
    custody: Custody, configured: Credential
) -> None:
    with pytest.raises(CredentialRefused):
        custody.custodian.roll_back()
    assert name(process(custody, configured)) == "configured"
    assert custody.custodian.make_key("first")


@pytest.mark.parametrize(("spc", "signs"), [("709J", None), ("616H", "configured")])
def test_an_account_whose_certificate_is_ordered_waits_for_it_unless_the_default_is_of_its_provider(
    custody: Custody, configured: Credential, spc: str, signs: str | None
) -> None:
    made = process(custody, configured, {"acme": spc})
    assert (name(made, "acme"), name(made, "bravo")) == (signs, "configured")
    assert made.current.problem(custody.now, "acme") == (None if signs else "certificate.none")
    custody.custodian.activate(custody.installed("own", spc), "acme")
    made.changed()
    assert (name(made, "acme"), name(made, "bravo")) == ("own", "configured")


def test_the_orders_of_the_configuration_say_who_waits(tmp_path: Path) -> None:
    order = {"spc": "709J", "organization": "Acme", "account": "acme"}
    config = Config.model_validate(
        {
            "node": {"state_dir": tmp_path},
            "sip": {"listen": ["udp:127.0.0.2:5060"]},
            "acme": {
                "directory": "https://acme.example.test/directory",
                "sti_pa_url": "https://sti-pa.example.test",
                "sti_pa_user": "us",
                "sti_pa_password": tmp_path / "password",
                "orders": [order, {"spc": "616H", "organization": "Example Telecom"}],
            },
        }
    )
    made = following_of(config, Revocations)
    made.changed()
    assert made.current.accounts == {"acme": None}


def test_a_process_that_starts_with_a_spoilt_manifest_still_serves_the_configured_chain(
    custody: Custody, configured: Credential
) -> None:
    custody.custodian.activate(custody.installed("main"))
    spoil(custody)
    made = process(custody, configured)
    assert made.current.served("configured")
    assert [(each.certificate, each.scope) for each in made.current.standings()] == [("configured", "")]


def test_a_process_that_starts_and_cannot_look_for_the_manifest_signs_nothing(
    custody: Custody, configured: Credential
) -> None:
    custody.folder.symlink_to(custody.folder.name)  # as with a folder that is somebody else's, `stat` fails
    made = process(custody, configured)
    assert name(made) is None
    assert made.problems[0].startswith("credentials-unreadable: ")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda manifest: replace(manifest, certificates=()), id="without what signs"),
        pytest.param(
            lambda manifest: replace(manifest, active=manifest.active * 2), id="one scope given twice"
        ),
    ],
)
def test_a_manifest_that_contradicts_itself_leaves_the_last_good_one(
    custody: Custody, wrong: Callable[[Manifest], Manifest]
) -> None:
    custody.custodian.activate(custody.installed("main"))
    made = process(custody)
    spoilt = wrong(custody.custodian.view())
    (custody.folder / FILE).write_bytes(TypeAdapter(Manifest).dump_json(spoilt))
    made.changed()
    assert name(made) == "main"
    assert made.problems[0].startswith("credentials-unreadable: ")


def test_a_manifest_that_is_spoilt_later_leaves_the_last_good_one(custody: Custody) -> None:
    custody.custodian.activate(custody.installed("main"))
    made = process(custody)
    spoil(custody)
    made.changed()
    assert name(made) == "main"
    assert made.problems


def test_a_manifest_that_vanishes_leaves_the_last_good_one(custody: Custody) -> None:
    custody.custodian.activate(custody.installed("main"))
    made = process(custody)
    (custody.folder / FILE).unlink()
    made.changed()
    assert name(made) == "main"
    assert "is gone" in made.problems[0]


def test_a_key_that_cannot_be_read_leaves_the_last_good_certificate_until_it_can(
    custody: Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    old, new = custody.installed("old"), custody.installed("new")
    custody.custodian.activate(old)
    made = process(custody)
    custody.custodian.activate(new)
    key = custody.folder / "keys" / f"{custody.custodian.view().certificate(new).key_id}.pem"
    key.chmod(0o644)
    made.changed()
    assert name(made) == old
    assert made.problems[0].startswith("key-readable-by-others: ")
    key.chmod(0o600)
    assert made.changed()
    assert name(made) == new
    assert made.problems == ()


def test_an_account_s_first_certificate_that_cannot_be_had_is_not_replaced_by_the_default(
    custody: Custody,
) -> None:
    custody.custodian.activate(custody.installed("main"))
    made = process(custody)
    custody.custodian.activate(custody.installed("acme", "709J"), "acme")
    (custody.folder / "keys" / f"{custody.custodian.view().certificate('acme').key_id}.pem").unlink()
    made.changed()
    assert name(made, "acme") is None
    assert made.current.problem(custody.now, "acme") == "certificate.none"
    assert name(made) == "main"


def test_the_last_good_certificate_signs_no_more_once_it_is_revoked_and_deleted(custody: Custody) -> None:
    old, new = custody.installed("old"), custody.installed("new")
    custody.custodian.activate(old)
    made = process(custody)
    custody.custodian.activate(new)
    (custody.folder / "keys" / f"{custody.custodian.view().certificate(new).key_id}.pem").unlink()
    made.changed()
    assert name(made) == old
    custody.custodian.revoke(old, "by the STI-CA")
    custody.custodian.delete_certificate(old)
    made.changed()
    assert name(made) is None


def test_a_process_that_starts_without_the_key_signs_with_no_other(
    custody: Custody, configured: Credential
) -> None:
    main = custody.installed("main")
    custody.custodian.activate(main, "acme")
    for key in (custody.folder / "keys").iterdir():
        key.unlink()
    made = process(custody, configured)
    assert name(made) == "configured"
    made_alarm = made.problems[0]
    assert made_alarm.startswith("key-missing: ")


def test_a_revoked_or_expired_certificate_of_an_account_is_not_replaced_by_the_default(
    custody: Custody,
) -> None:
    custody.custodian.activate(custody.installed("main"))
    custody.custodian.activate(custody.installed("acme", "709J"), "acme")
    made = process(custody)
    custody.custodian.revoke("acme", "by the STI-CA")
    made.changed()
    assert made.current.problem(custody.now, "acme") == "certificate.revoked"
    assert made.current.problem(custody.now) is None
    later = custody.now + timedelta(days=400).total_seconds()
    assert made.current.problem(later) == "certificate.expired"


def test_a_revocation_list_that_comes_into_force_stops_the_configured_certificate_too(
    custody: Custody, configured: Credential
) -> None:
    made = process(custody, configured)
    assert made.current.problem(custody.now) is None
    listed = read_crl(pem.crl(ISSUER.crl(configured.chain[0])) + pem.chain(ISSUER.sti_pa.certificate))
    anchors = Anchors((ISSUER.root.certificate, ISSUER.sti_pa.certificate))
    custody.trust.revocations = Revocations.of([listed], anchors, custody.now)
    assert made.changed()
    assert made.current.problem(custody.now) == "certificate.revoked"
    custody.trust.revocations = Revocations()
    made.changed()
    assert made.current.problem(custody.now) is None


def test_what_is_active_for_nobody_leaves_the_configured_certificate_in_use(
    custody: Custody, configured: Credential
) -> None:
    custody.installed("spare")
    made = process(custody, configured)
    assert name(made) == name(made, "acme") == "configured"


def test_each_account_signs_with_its_own_and_the_rest_with_the_default(custody: Custody) -> None:
    custody.custodian.activate(custody.installed("main", "616H"))
    custody.custodian.activate(custody.installed("acme", "709J"), "acme")
    made = process(custody)
    assert (name(made), name(made, "bravo"), name(made, "acme")) == ("main", "main", "acme")


def test_no_token_ever_names_another_key_s_certificate(custody: Custody) -> None:
    names = [custody.installed(each) for each in ("one", "two", "three")]
    custody.custodian.activate(names[0])
    made = process(custody)
    for active in (*names[1:], *names):
        custody.custodian.activate(active)
        before = made.current.for_account(None)
        made.changed()
        for credential in (before, made.current.for_account(None)):
            assert credential is not None
            token = passport.parse(credential.signer.sign(CLAIMS))
            named = token.header["x5u"].rpartition("/")[2].removesuffix(".pem")
            key = load_pem_x509_certificate(
                custody.custodian.view().certificate(named).chain.encode()
            ).public_key()
            half = len(token.signature) // 2
            der = x509_signature(token.signature[:half], token.signature[half:])
            key.verify(der, token.signing_input, ECDSA(SHA256()))  # type: ignore[union-attr,call-arg,arg-type]
            assert credential.x5u == token.header["x5u"]


def x509_signature(r: bytes, s: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(r), int.from_bytes(s))


def test_a_look_at_what_has_not_changed_changes_nothing(custody: Custody) -> None:
    custody.custodian.activate(custody.installed("main"))
    made = process(custody)
    before = made.current
    assert not made.changed()
    assert made.current is before

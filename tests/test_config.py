"""A configuration is good as a whole, or every mistake in it is told; what is not said has a safe default."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.acme.settings import OrderSettings
from gateway.config import Config, ConfigError, load
from gateway.settings import HttpListen, Listen

DOCUMENTED = Path(__file__).parent.parent / "deploy" / "gateway.toml"

SMALLEST = """
[node]
state_dir = "state"
[sip]
listen = ["udp:127.0.0.2:5060"]
"""

SIGNING = """
[signing]
certificate = "one"
chain = "one.pem"
key = "/keys/one.key"
x5u = "https://example.com/one.pem"
"""


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return load(path)


def errors(tmp_path: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return caught.value.errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "node: Field required"),
        ("[node", "not TOML"),
        (SMALLEST.replace("listen", "lisen"), "sip.lisen: unknown key; did you mean 'listen'?"),
        (SMALLEST + "[sipp]", "sipp: unknown key; did you mean 'sip'?"),
        (SMALLEST + "[store]\nmongo_url = 'x'", "store.mongo_url: unknown key"),
        (SMALLEST + "[store]\nredis_url = 'x'", 'store.redis_url: write "redis://HOST"'),
        (SMALLEST + "[store]\nredis_url = 'redis://h/x'", "store.redis_url: what may follow is the number"),
        (SMALLEST + "[store]\nredis_url = 'redis://h?timeout=1'", "store.redis_url: what may follow"),
        (SMALLEST + "[store]\nredis_password = 'x'", "redis_password needs redis_url"),
        (SMALLEST.replace('["udp:127.0.0.2:5060"]', "[]"), "sip.listen: Tuple should have at least 1 item"),
        (SMALLEST.replace("127.0.0.2:5060", "127.0.0.2"), "sip.listen[0]: write the port too"),
        (SMALLEST.replace("127.0.0.2:5060", "sip.example:5060"), "write an address of this machine"),
        (SMALLEST.replace("udp:", "tls:"), "a tls: socket needs tls_certificate and tls_key"),
        (SMALLEST.replace('["', '["udp:127.0.0.2:5060", "'), "listen names the same socket twice"),
        (SMALLEST + "drain_limit = 30", "sip.drain_limit: write a duration with its unit"),
        (SMALLEST + "workers = 'many'", "sip.workers"),
        (SMALLEST + "workers = 0", "sip.workers"),
        (SMALLEST + "max_calls = '5'", "sip.max_calls"),
        (SMALLEST + "inner_address = '192.0.2.1'", "sip.inner_address: must be a loopback address"),
        (SMALLEST + "unknown_source = '404'", "sip.unknown_source"),
        (SMALLEST + "[api]\nlisten = '0.0.0.0:8080'", "would cross the network in the clear"),
        (SMALLEST + "[api]\ntls_key = 'x'", "tls_certificate and tls_key go together"),
        (SMALLEST + "[api]\nclient_ca = 'x'", "client_ca needs tls_certificate"),
        (
            SMALLEST + "[api]\ntls_key = 'x'\ntls_certificate = 'x'\nclient_subjects = {x = ['stir']}",
            "client_subjects needs client_ca",
        ),
        (
            SMALLEST
            + "[api]\ntls_key = 'x'\ntls_certificate = 'x'\nclient_ca = 'x'\nclient_subjects = {x = ['root']}",
            "api.client_subjects.x",
        ),
        (SMALLEST + "[api]\nstir_addresses = ['sbc']", "api.stir_addresses[0]"),
        (SMALLEST + "[access]\nlock_after = 0", "access.lock_after"),
        (SMALLEST + "[access]\nadmin_idle = 15", "access.admin_idle: write a duration with its unit"),
        (SMALLEST + "[api]\nlisten = '127.0.0.1'", "api.listen: write the port too"),
        (
            SMALLEST + SIGNING.replace("key =", "#"),
            "signing: certificate, chain, key and x5u go together; missing: key",
        ),
        (SMALLEST + "[signing]\nunmatched = 'A'", "signing.unmatched"),
        (SMALLEST + "[log]\nlevel = 'loud'", "log.level"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    found = errors(tmp_path, text)
    assert any(said in error for error in found), found


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    wrong = SMALLEST + "drain_limit = 30\nmax_calls = 0\n[log]\nlevel = 'loud'\n[unknown]\n"
    assert len(errors(tmp_path, wrong)) == 4


def test_a_list_with_a_wrong_item_is_not_also_called_empty(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, SMALLEST.replace("127.0.0.2:5060", "host:5060"))
    assert "sip.listen[0]" in error


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.toml")


def test_what_is_not_said_has_a_safe_default(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST)
    assert config.sip.listen == (Listen("udp", "127.0.0.2", 5060),)
    assert config.sip.unknown_source == "silence"
    assert config.sip.workers == "auto"
    assert config.sip.drain_limit == 30.0
    assert config.api.listen == HttpListen("127.0.0.1", 8080)
    assert config.signing.certificate is None
    assert config.signing.rules.unmatched == "unsigned"
    assert config.log.mask_numbers


def test_a_relative_path_starts_at_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST + SIGNING)
    assert config.node.state_dir == tmp_path / "state"
    assert config.signing.chain == tmp_path / "one.pem"
    assert config.signing.key == Path("/keys/one.key")


def test_both_ip_versions_are_read(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST.replace("127.0.0.2", "[::1]") + "[api]\nlisten = '[::1]:8080'")
    assert config.sip.listen[0].host == "::1"
    assert config.api.listen.is_loopback


def test_a_public_side_door_must_be_asked_for(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST + "[api]\nlisten = '0.0.0.0:8080'\nallow_public = true")
    assert not config.api.listen.is_loopback


def test_a_configuration_does_not_change(tmp_path: Path) -> None:
    config = read(tmp_path, SMALLEST)
    with pytest.raises(ValidationError):
        config.sip.max_calls = 1


def test_the_documented_configuration_is_good_and_names_every_key() -> None:
    load(DOCUMENTED)
    text = DOCUMENTED.read_text()
    for name, section in Config.model_fields.items():
        assert f"[{name}]" in text
        assert section.annotation is not None
        for key in section.annotation.model_fields:
            known = (f"{key} = ", f"[[{name}.{key}]]")
            assert any(each in text for each in known), f"[{name}] {key} is not documented"
    part = text[text.index("[[acme.orders]]") : text.index("[verification]")]
    assert all(f"{key} = " in part for key in OrderSettings.model_fields)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("", "sqlite:///{folder}/state/gateway.db", id="in-the-state-folder"),
        pytest.param("sqlite:///calls.db", "sqlite:///{folder}/calls.db", id="beside-the-file"),
        pytest.param("sqlite:////srv/calls.db", "sqlite:////srv/calls.db", id="where-it-says"),
        pytest.param("postgresql://db/gateway", "postgresql://db/gateway", id="on-a-server"),
    ],
)
def test_the_database_is_where_the_file_says(tmp_path: Path, written: str, meant: str) -> None:
    store = f'[store]\ndatabase_url = "{written}"' if written else ""
    assert read(tmp_path, SMALLEST + store).database_url == meant.format(folder=tmp_path)


@pytest.mark.parametrize(
    "url", ["redis://u:p@h:6380/3", "rediss://h?ssl_ca_certs=/ca", "unix:///run/redis.sock"]
)
def test_redis_is_found_by_its_url(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, SMALLEST + f'[store]\nredis_url = "{url}"').store.redis_url == url


def test_the_password_of_a_redis_that_cannot_be_is_not_told(tmp_path: Path) -> None:
    assert "secret" not in "".join(errors(tmp_path, SMALLEST + '[store]\nredis_url = "http://u:secret@h"'))


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, SMALLEST + '[store]\ndatabase_url = "mysql://u:secret@db/x"')
    assert 'write "sqlite:///FILE"' in error
    assert "secret" not in error

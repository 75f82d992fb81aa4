"""The files for containers: what can be said of them without an engine."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.config import load

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = DEPLOY / "compose"
DOCKERFILE = DEPLOY / "Dockerfile"
BASE = "compose.yaml"
POSTGRESQL = "compose.postgresql.yaml"
CLUSTER = "compose.cluster.yaml"
FILES = sorted(path.name for path in COMPOSE.glob("*.yaml"))
WORLDS = [name for name in FILES if ".world-" in name]
BIN = Path(sys.executable).parent
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def compose(name: str) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(COMPOSE / name))


def stages() -> dict[str, str]:
    """The Dockerfile's named stages and what each says."""
    parts = re.split(r"^FROM .* AS (\S+)$", DOCKERFILE.read_text(), flags=re.MULTILINE)
    return dict(pairwise(parts[1:]))


def schema_check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", path]
    return subprocess.run(command, capture_output=True, text=True)


def commanded(text: str) -> list[str]:
    """The files that the command in a compose file's first lines names."""
    head = text[: text.index("services:")]
    return [Path(name).name for name in re.findall(r"-f (\S+)", head)]


def test_a_compose_file_with_an_unknown_key_would_be_found(tmp_path: Path) -> None:
    wrong = tmp_path / BASE
    wrong.write_text((COMPOSE / BASE).read_text().replace("read_only", "readonly"))
    assert schema_check(wrong).returncode == 1


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_is_as_the_specification_says(name: str) -> None:
    said = schema_check(COMPOSE / name)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("name", FILES)
def test_the_command_written_above_names_files_that_are_there_a_whole_world_first(name: str) -> None:
    named = commanded((COMPOSE / name).read_text())
    assert named[0] in (BASE, CLUSTER)
    assert named[-1] == name
    assert set(named) <= set(FILES)


@pytest.mark.parametrize("name", WORLDS)
def test_a_broken_world_changes_services_that_are_there(name: str) -> None:
    below = [
        service
        for each in commanded((COMPOSE / name).read_text())[:-1]
        for service in compose(each)["services"]
    ]
    assert set(compose(name)["services"]) <= set(below)


def test_the_node_has_no_privilege() -> None:
    gateway = compose(BASE)["services"]["gateway"]
    assert gateway["read_only"] is True
    assert gateway["cap_drop"] == ["ALL"]
    assert gateway["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "user"} & set(gateway)


def test_the_node_is_given_time_to_drain() -> None:
    grace = float(compose(BASE)["services"]["gateway"]["stop_grace_period"].removesuffix("s"))
    assert grace >= load(DEPLOY / "gateway.toml").sip.drain_limit + 20


def test_the_configuration_and_the_state_are_where_the_node_looks_for_them() -> None:
    mounted = [volume.split(":")[1:] for volume in compose(BASE)["services"]["gateway"]["volumes"][1:]]
    assert mounted == [[str(load(DEPLOY / "gateway.toml").node.state_dir)]]
    assert "}:/etc/vos3000-stir-gateway:ro" in (COMPOSE / BASE).read_text()


def test_the_database_url_that_is_written_down_is_one(tmp_path: Path) -> None:
    (line,) = re.findall(r"^#\s+(database_url = .*)$", (COMPOSE / POSTGRESQL).read_text(), re.MULTILINE)
    text = (DEPLOY / "gateway.toml").read_text().replace("[store]", f"[store]\n{line}")
    (tmp_path / "gateway.toml").write_text(text)
    database = compose(POSTGRESQL)["services"]["database"]["environment"]
    url = f"postgresql://{database['POSTGRES_USER']}@/{database['POSTGRES_DB']}?host=/run/postgresql"
    assert load(tmp_path / "gateway.toml").database_url == url


def test_calls_do_not_wait_for_the_database_to_be_well() -> None:
    assert compose(POSTGRESQL)["services"]["gateway"]["depends_on"] == ["database"]


def test_the_nodes_of_the_cluster_have_no_privilege_and_each_a_state_of_its_own() -> None:
    services = compose(CLUSTER)["services"]
    nodes = [services[f"node-{number}"] for number in (1, 2, 3)]
    for node in nodes:
        assert (node["read_only"], node["cap_drop"]) == (True, ["ALL"])
        assert not {"privileged", "cap_add", "devices", "user"} & set(node)
    assert len({node["volumes"][1] for node in nodes}) == 3


def test_the_fronts_call_the_nodes_where_they_are() -> None:
    networks = [compose(CLUSTER)["services"][f"node-{number}"]["networks"] for number in (1, 2, 3)]
    there = [f"1 sip:{network['sip']['ipv4_address']}:5060" for network in networks]
    assert (COMPOSE / "cluster" / "nodes.list").read_text().splitlines() == there


def test_nobody_outside_reaches_the_database_and_redis_which_ask_for_no_password() -> None:
    world = compose(CLUSTER)
    for name in ("database", "redis"):
        assert list(world["services"][name]["networks"]) == ["inside"]
        assert "ports" not in world["services"][name]
    assert world["networks"]["inside"] == {"internal": True}


def test_redis_needs_no_capability_to_become_its_own_user() -> None:
    redis = compose(CLUSTER)["services"]["redis"]
    assert (redis["cap_drop"], redis["user"]) == (["ALL"], "redis")


@pytest.mark.skipif(FAKETIME is None, reason="no libfaketime: apt-get install libfaketime")
def test_in_the_world_with_a_wrong_clock_a_token_is_from_the_future(tmp_path: Path) -> None:
    wrong = {
        **compose("compose.world-clock-skew.yaml")["services"]["gateway"]["environment"],
        "LD_PRELOAD": str(FAKETIME),
    }
    key = tmp_path / "signing.key"
    made = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]
    subprocess.run(made, check=True, capture_output=True)
    key.chmod(0o600)
    call = ["--orig", "+12155550100", "--dest", "+12155550123", "--attest", "A"]
    sign = [BIN / "gateway", "sign", *call, "--key", key, "--x5u", "https://certificates.example.com/a.pem"]
    before = time.time()
    said = subprocess.run(
        sign, env={**os.environ, **wrong}, check=True, capture_output=True, text=True
    ).stdout
    claims = said.split(".")[1]
    iat = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iat"]
    assert before + 89 <= iat <= time.time() + 91


def test_hadolint_would_find_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.read_text().replace("USER 10001:10001", "USER root"))
    assert "DL3002" in subprocess.run([BIN / "hadolint", wrong], capture_output=True, text=True).stdout


def test_hadolint_has_nothing_to_say_about_the_dockerfile() -> None:
    said = subprocess.run([BIN / "hadolint", DOCKERFILE], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "")


def test_every_stage_that_runs_ends_as_a_user_without_rights() -> None:
    for name in ("node", "wrong-clock", "front"):
        assert re.findall(r"^USER (\S+)$", stages()[name], re.MULTILINE)[-1] == "10001:10001"


def test_what_is_installed_is_checked_by_its_hash() -> None:
    installs = re.findall(r"pip install .*", stages()["build"])
    assert [("--require-hashes" in each, "--no-deps" in each) for each in installs] == [
        (True, False),
        (False, True),
    ]


def test_the_image_is_healthy_where_the_side_door_says_so() -> None:
    listen = load(DEPLOY / "gateway.toml").api.listen
    assert f"http://{listen.host}:{listen.port}/healthz" in stages()["node"]


def test_all_that_is_copied_into_the_image_is_let_into_its_build() -> None:
    let_in = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"
    }
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", stages()["build"], re.MULTILINE)
        for name in line.split()
    }
    assert copied == let_in
    assert all((DEPLOY.parent / name).exists() for name in copied)


@pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="no docker-compose, which needs no engine for this"
)
@pytest.mark.parametrize("name", FILES)
def test_docker_compose_understands_the_files_together(name: str, tmp_path: Path) -> None:
    files = [tmp_path / each for each in commanded((COMPOSE / name).read_text())]
    for file in files:  # its older versions, which are what Debian has, know no names of projects
        file.write_text(re.sub(r"^name: .*$", "", (COMPOSE / file.name).read_text(), flags=re.MULTILINE))
    arguments = [argument for file in files for argument in ("-f", str(file))]
    said = subprocess.run(["docker-compose", *arguments, "config", "--quiet"], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr

"""A client written from the description alone, by somebody else's program, works with the door as it runs."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from policy_api import open_api
from served import served

CLIENT = "stirgw_client"
SETTINGS = {
    "post_hooks": [],
    "content_type_overrides": {
        "text/csv": "application/octet-stream",
        "application/pem-certificate-chain": "application/octet-stream",
    },
}
"""The generator knows few media types by name; what has lines or PEM in it is bytes to it."""

Part = Callable[[str], Any]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    api = open_api(tmp_path_factory.mktemp("door"))
    with served(api.client.app) as url:
        yield url
    api.opened.store.engine.dispose()


@pytest.fixture(scope="module")
def written(door: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the client that the generator writes, without a warning."""
    folder = tmp_path_factory.mktemp("client")
    description, settings = folder / "openapi.json", folder / "settings.json"
    description.write_text(httpx.get(f"{door}/openapi.json").text, encoding="utf-8")
    settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--fail-on-warning"]
    places = ["--path", description, "--config", settings, "--output-path", folder / CLIENT, "--meta", "none"]
    done = subprocess.run([*command, *places], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def part(written: Path, monkeypatch: pytest.MonkeyPatch) -> Part:
    """A module of the client by its name."""
    monkeypatch.syspath_prepend(str(written))

    def module(name: str) -> ModuleType:
        return importlib.import_module(f"{CLIENT}.{name}")

    return module


def test_the_client_has_no_type_error(written: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--no-incremental", "-p", CLIENT]
    done = subprocess.run(command, capture_output=True, text=True, cwd=written, check=False)
    assert done.returncode == 0, done.stdout


def test_an_entry_is_refused_added_read_changed_and_taken_away(door: str, part: Part) -> None:
    client = part("client").Client(base_url=door)
    area, problem = part("models.area_entry").AreaEntry, part("models.problem").Problem
    add, change = part("api.areas.create_area"), part("api.areas.put_area")
    refused = add.sync(client=client, body=area(prefix="x", name="Philadelphia"))
    assert isinstance(refused, problem)
    assert (refused.status, refused.errors[0].path) == (422, "prefix")

    added = add.sync_detailed(client=client, body=area(prefix="1215", name="Philadelphia"))
    assert (added.status_code, added.parsed.name) == (201, "Philadelphia")
    tag, newer = added.headers["etag"], area(prefix="1215", name="Philly")
    assert change.sync("1215", client=client, body=newer, if_match='"0"').status == 412
    assert change.sync("1215", client=client, body=newer, if_match=tag).name == "Philly"
    assert [each.name for each in part("api.areas.list_areas").sync(client=client).items] == ["Philly"]
    assert part("api.areas.delete_area").sync_detailed("1215", client=client).status_code == 204


def test_numbers_are_uploaded_as_a_file(door: str, part: Part) -> None:
    client, file = part("client").Client(base_url=door), part("types").File
    group = part("models.list_group_entry").ListGroupEntry(name="nuisance")
    part("api.list_groups.create_list_group").sync(client=client, body=group)
    lines = file(payload=b"+12155550100\n", mime_type="text/csv")
    uploaded = part("api.list_groups.upload_group_numbers").sync("nuisance", client=client, body=lines)
    assert uploaded.changed == 1

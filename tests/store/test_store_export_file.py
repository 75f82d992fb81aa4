"""What is exported can be imported again, and is then the same policy."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from policies import WHO, policy

from gateway.store import toml_file
from gateway.store.database import open_database, reading
from gateway.store.errors import NotThere
from gateway.store.export_file import exported
from gateway.store.import_file import import_file
from gateway.store.migration import migrate
from gateway.store.resources import RESOURCES
from gateway.store.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    store.load(policy(), WHO)
    return store


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """Another store, of another country, empty."""
    engine = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(engine)
    store = Store(engine, lambda: NOW)
    store.load({"country": "DE"}, WHO)
    return store


def text(store: Store, target: str | None, form: Literal["toml", "csv"]) -> str:
    with reading(store.engine) as connection:
        return "".join(f"{line}\n" for line in exported(connection, target, form))


def whole(store: Store) -> dict[str, list[dict[str, Any]]]:
    return {
        resource: [stored.entry.written() for stored in store.page(resource).entries]
        for resource in RESOURCES
    }


@pytest.mark.parametrize("target", ["pears", "list-groups/nobody/numbers", "list-groups//numbers"])
@pytest.mark.parametrize("form", ["toml", "csv"])
def test_what_is_not_there_is_told(filled: Store, target: str, form: Literal["toml", "csv"]) -> None:
    with pytest.raises(NotThere):
        text(filled, target, form)


def test_everything_is_no_csv(filled: Store) -> None:
    with pytest.raises(NotThere, match="do: name it with --as"):
        text(filled, None, "csv")


def test_everything_comes_back_from_toml(filled: Store, other: Store, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text(filled, None, "toml"))
    import_file(other, path, WHO)
    assert whole(other) == whole(filled)
    assert list(other.every_number("nuisance")) == list(filled.every_number("nuisance"))
    assert other.plan().country == "US"


def test_a_policy_is_no_change_to_itself(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text(filled, None, "toml"))
    assert import_file(filled, path, WHO).changes == {}
    for resource in RESOURCES:
        path = tmp_path / f"{resource}.csv"
        path.write_text(text(filled, resource, "csv"))
        assert import_file(filled, path, WHO).changes == {}


def test_every_resource_comes_back_from_its_csv(filled: Store, other: Store, tmp_path: Path) -> None:
    for resource in RESOURCES:  # what is referred to stands before what refers to it
        path = tmp_path / f"{resource}.csv"
        path.write_text(text(filled, resource, "csv"))
        import_file(other, path, WHO)
    assert whole(other) == whole(filled) | {"parameters": whole(other)["parameters"]}


def test_numbers_come_back_from_their_file(filled: Store, tmp_path: Path) -> None:
    target = "list-groups/nuisance/numbers"
    path = tmp_path / "numbers.csv"
    path.write_text(text(filled, target, "csv"))
    assert path.read_text().startswith("number\n+0000\n")
    assert import_file(filled, path, WHO, target).changes == {}


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.recursive(
            st.text() | st.integers() | st.booleans(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_toml_says_what_it_was_told(values: dict[str, Any]) -> None:
    lines = toml_file.table("t", values, one_of_many=True)
    assert tomllib.loads("\n".join(lines)) == {"t": [values]}

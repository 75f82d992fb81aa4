"""What the tests of the console's pages share: somebody who is logged in, and sends forms as a browser would."""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from doors import Door
from fastapi.testclient import TestClient

from gateway.access.permissions import Role


class _Elements(HTMLParser):
    """Every element's tag and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(text: str, tag: str) -> list[dict[str, str | None]]:
    """The attributes of every such element of a page."""
    parser = _Elements()
    parser.feed(text)
    return [attributes for name, attributes in parser.found if name == tag]


def field(text: str, name: str) -> str | None:
    """The value of a page's first input field of this name."""
    return next(each["value"] for each in elements(text, "input") if each.get("name") == name)


@dataclass
class Somebody:
    """A user at a browser."""

    client: TestClient
    csrf: str

    @classmethod
    def of(cls, door: Door, role: Role, name: str = "alice") -> "Somebody":
        client, shown = door.logged_in(role, name)
        return cls(client, shown["X-CSRF-Token"])

    def sees(self, path: str, status: int = 200) -> str:
        """The text of a page; the test stops where it is another answer."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def sends(self, path: str, fields: Mapping[str, str] | None = None) -> Any:
        """The answer to a form."""
        return self.client.post(path, data={"csrf": self.csrf, **(fields or {})})

    def stores(self, path: str, fields: Mapping[str, str]) -> str:
        """Send a form that is to be taken; where it leads to."""
        answer = self.sends(path, fields)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

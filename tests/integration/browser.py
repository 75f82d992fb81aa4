"""Debian's chromium, driven by Playwright: a page that notes whatever the browser complains of."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
ALONE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""The browser talks to nobody but the gateway."""


@dataclass
class Viewer:
    """Somebody at a browser. complaints: errors of scripts, of loading, and violations of the content security policy."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the gateway."""
        self.page.goto(self.url + path)

    def log_in(self, name: str, password: str) -> None:
        """Log in by the form."""
        self.go("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/console")


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser; skips where there is none, which in CI, which installs it, is a failure."""
    if CHROMIUM is None:
        lacking = "chromium is not installed: apt-get install chromium"
        if "CI" in os.environ:
            pytest.fail(lacking)
        pytest.skip(lacking)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ALONE))
        yield found
        found.close()


@contextlib.contextmanager
def viewer(found: Browser, url: str, width: int = 1280, scheme: str = "light") -> Iterator[Viewer]:
    """Somebody new at the browser, without cookies."""
    dark = "dark" if scheme == "dark" else "light"
    context = found.new_context(viewport={"width": width, "height": 800}, color_scheme=dark)
    context.set_default_timeout(10_000)
    somebody = Viewer(context.new_page(), url)
    somebody.page.on("console", lambda said: _note(somebody, said.type, said.text))
    somebody.page.on("pageerror", lambda error: somebody.complaints.append(str(error)))
    yield somebody
    context.close()


def _note(somebody: Viewer, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        somebody.complaints.append(text)

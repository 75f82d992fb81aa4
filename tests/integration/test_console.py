"""The console of a running gateway, in a real browser: what an operator does there, and what calls hear of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from gateway.access.permissions import Role
from gateway.store.resources import RESOURCES

from .browser import Viewer, browser, viewer
from .ends import an_end, refusal, two_ends
from .issuing import issued, publish_here, x5u
from .sipp import wait_for
from .world import BIN, Gateway, host_of, running, set_up

pytestmark = pytest.mark.sip

PASSWORD = "four quiet words here"
IDLE = 4  # seconds that an auditor's session lasts unused
IN_FORCE = 2.0  # seconds until a block or a release reaches calls
NOWHERE = "+18085550123"  # no route leads there
NUMBER = "+12155550171"

PAGES = (
    *(
        "/console",
        "/console/calls",
        "/console/calls?code=200&rule=list",
        "/console/explain",
        "/console/blacklist",
    ),
    *(
        "/console/blacklist?active=false",
        "/console/nodes",
        "/console/policy",
        "/console/audit",
        "/console/access",
        "/console/me",
    ),
    *(f"/console/policy/{name}" for name in RESOURCES),
    *(f"/console/policy/{name}/new" for name in RESOURCES if name != "parameters"),
    "/console/policy/accounts/entry?key=acme",
    "/console/policy/list-groups/numbers?group=by-hand",
    "/console/explain?source=127.0.0.11&from=12155550100&to=13035550123",
)


@pytest.fixture(scope="module")
def gateway(real_sip: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a user of each role, called by the role's name."""
    settings = {"access": {"auditor_idle": f"{IDLE}s"}}
    ready = set_up(tmp_path_factory.mktemp("gateway"), settings)
    publish_here(ready)
    for role in Role:
        _add_user(ready, role.value)
    with running(ready) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def anybody(chromium: Browser, gateway: Gateway) -> Iterator[Viewer]:
    with viewer(chromium, gateway.url) as somebody:
        yield somebody


@pytest.fixture
def operator(anybody: Viewer) -> Viewer:
    anybody.log_in("operator", PASSWORD)
    return anybody


@pytest.fixture
def admin(anybody: Viewer) -> Viewer:
    anybody.log_in("admin", PASSWORD)
    return anybody


def _add_user(gateway: Gateway, role: str) -> None:
    words = [
        "user",
        "add",
        role,
        "--role",
        role,
        "--from",
        "-",
        "--config",
        str(gateway.folder / "gateway.toml"),
    ]
    made = subprocess.run(
        [str(BIN / "gateway"), *words], input=f"{PASSWORD}\n", capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr


def test_a_stranger_is_asked_to_log_in_and_comes_where_they_wanted_to_go(anybody: Viewer) -> None:
    anybody.go("/console/audit?who=nobody")
    anybody.page.get_by_label("Name").fill("admin")
    anybody.page.get_by_label("Password").fill(PASSWORD)
    anybody.page.get_by_role("button", name="Log in").click()
    expect(anybody.page.get_by_role("heading", name="Audit log")).to_be_visible()
    assert anybody.page.url.endswith("/console/audit?who=nobody")


def test_a_wrong_password_is_told_and_lets_nobody_in(anybody: Viewer) -> None:
    anybody.go("/login")
    anybody.page.get_by_label("Name").fill("operator")
    anybody.page.get_by_label("Password").fill("not the password")
    anybody.page.get_by_role("button", name="Log in").click()
    expect(anybody.page.get_by_role("alert")).to_contain_text("not right")
    anybody.go("/console")
    expect(anybody.page.get_by_role("button", name="Log in")).to_be_visible()


def test_the_keyboard_alone_is_enough_to_log_in_go_round_and_log_out(anybody: Viewer) -> None:
    keyboard = anybody.page.keyboard
    anybody.go("/console")
    keyboard.type("operator")
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    expect(anybody.page.get_by_role("heading", name="Overview")).to_be_visible()
    keyboard.press("Tab")
    expect(anybody.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keyboard.press("Enter")
    expect(anybody.page.locator("#main")).to_be_focused()
    anybody.page.get_by_role("button", name="Log out").focus()
    keyboard.press("Enter")
    expect(anybody.page.get_by_role("status")).to_contain_text("logged out")
    assert anybody.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_page_loads_and_fits_without_a_complaint_of_the_browser(
    chromium: Browser, gateway: Gateway, width: int, scheme: str
) -> None:
    with viewer(chromium, gateway.url, width, scheme) as somebody:
        somebody.log_in("admin", PASSWORD)
        for path in PAGES:
            somebody.go(path)
            expect(somebody.page.locator("h1")).to_have_count(1)
            wide = somebody.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide"
            assert somebody.complaints == [], path


def test_a_session_that_is_left_alone_ends_though_its_page_refreshes_itself(anybody: Viewer) -> None:
    anybody.log_in("auditor", PASSWORD)
    expect(anybody.page.get_by_role("status")).to_contain_text("session has ended", timeout=20_000)
    assert "next=%2Fconsole" in anybody.page.url


def test_the_overview_refreshes_itself(operator: Viewer, gateway: Gateway) -> None:
    row = operator.page.locator("#last tbody tr").first
    with two_ends(gateway, "refilled") as (caller, _):
        refusal(caller, NOWHERE, "+12155550172")
    expect(row).to_contain_text("12155550172", timeout=20_000)
    assert operator.complaints == []


def test_a_number_that_is_blocked_is_refused_at_its_next_call_and_passes_once_released(
    operator: Viewer, gateway: Gateway
) -> None:
    with two_ends(gateway, "refilled") as (caller, _):

        def rule() -> str:
            return refusal(caller, NOWHERE, NUMBER)

        assert rule() == "route.none"
        operator.go("/console/blacklist")
        operator.page.get_by_text("Block by hand").click()
        operator.page.get_by_label("Number, address or account").fill(NUMBER)
        operator.page.get_by_role("button", name="Block", exact=True).click()
        expect(operator.page.get_by_role("status")).to_contain_text("Blocked")
        wait_for(
            lambda: rule() == "dynamic.malicious-call:caller", "the number to be refused", seconds=IN_FORCE
        )
        operator.page.get_by_role("button", name=f"Release {NUMBER}").click()
        expect(operator.page.get_by_role("status")).to_contain_text("Released")
        wait_for(lambda: rule() == "route.none", "the number to pass again", seconds=IN_FORCE)
    assert operator.complaints == []


def test_a_node_that_is_drained_takes_no_call_until_it_serves_again(
    operator: Viewer, gateway: Gateway
) -> None:
    page, name = operator.page, "scenarios"
    with an_end(gateway, (host_of("refilled"), 0)) as caller:

        def rule() -> str:
            return refusal(caller, NOWHERE, "+12155550174")

        assert rule() == "route.none"
        operator.go("/console/nodes")
        page.get_by_role("button", name=f"Drain {name}").click()
        expect(page.get_by_role("status")).to_contain_text("takes no new calls")
        wait_for(lambda: rule() == "node.draining", "the next call to be refused", seconds=IN_FORCE)
        row = page.get_by_role("row", name=name)
        expect(row).to_contain_text("drained by user:operator")
        expect(row.locator(".badge")).to_contain_text("draining", timeout=20_000)  # the page refreshes itself
        page.get_by_role("button", name=f"Have {name} serve calls").click()
        expect(page.get_by_role("status")).to_contain_text("takes calls again")
        wait_for(lambda: rule() == "route.none", "the next call to pass", seconds=IN_FORCE)
    assert operator.complaints == []


def test_a_certificate_is_asked_for_installed_activated_and_rolled_back(
    admin: Viewer, gateway: Gateway
) -> None:
    page = admin.page
    admin.go("/console/certificates")
    page.get_by_text("Make a key").click()
    page.get_by_label("Label").fill("616H 2027")
    page.get_by_role("button", name="Make it").click()
    page.get_by_label("Service provider code").fill("616H")
    page.get_by_label("Country").fill("US")
    page.get_by_label("Organization").fill("Lab")
    page.get_by_role("button", name="Make the request").click()
    csr = page.locator("#csr").inner_text()
    admin.go("/console/certificates")
    page.get_by_text("Install a certificate").click()
    page.get_by_label("Chain").fill(issued(gateway.signers.lab.directory, csr, "616H").decode())
    page.get_by_label("Name").fill("616H-2027")
    page.get_by_role("button", name="Install").click()
    expect(page.get_by_role("status")).to_contain_text("Installed and published")
    page.get_by_role("button", name="Look at its URL from outside").click()
    expect(page.get_by_role("status")).to_contain_text("returns exactly this chain")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("status")).to_contain_text("Activated")
    with two_ends(gateway) as (caller, callee):
        new = f"{gateway.url}/certs/616H-2027.pem"
        wait_for(lambda: x5u(caller, callee) == new, "the new one to sign", seconds=2 * IN_FORCE)
        page.get_by_text("Roll back…").click()
        page.get_by_role("button", name="Roll back").click()
        expect(page.get_by_role("status")).to_contain_text("Rolled back")
        wait_for(lambda: x5u(caller, callee) != new, "the one before to sign", seconds=2 * IN_FORCE)
    assert httpx.get(new).status_code == 200
    assert admin.complaints == []


def test_a_refused_call_is_found_looked_at_and_explained(operator: Viewer, gateway: Gateway) -> None:
    with two_ends(gateway, "refilled") as (caller, _):
        refusal(caller, NOWHERE, "+12155550173")
    wait_for(lambda: bool(gateway.records(number="+12155550173")), "the call to be recorded", seconds=20)
    operator.go("/console/calls")
    operator.page.get_by_label("Number of either").fill("+12155550173")
    operator.page.get_by_role("button", name="Search").click()
    operator.page.locator("tbody a").first.click()
    expect(operator.page.get_by_role("heading", level=1)).to_contain_text("12155550173")
    operator.page.get_by_text("What would become of it now?").click()
    expect(operator.page.locator("#outcome")).to_contain_text("route.none")
    assert operator.complaints == []


def test_an_entry_is_filled_in_wrong_then_right_then_taken_away(operator: Viewer) -> None:
    page = operator.page
    operator.go("/console/policy/areas")
    page.get_by_role("link", name="New area").click()
    page.get_by_label("prefix").fill("12x")
    page.get_by_label("name").fill("<b>Nowhere</b>")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("prefix")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("prefix").fill("1999")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text("Added")
    operator.go("/console/policy/areas")
    expect(page.get_by_text("<b>Nowhere</b>")).to_be_visible()
    page.get_by_role("link", name="1999").click()
    page.get_by_text("Take it away…").click()
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("status")).to_contain_text("Taken away")
    assert [text for text in operator.complaints if "422" not in text] == []


def test_without_script_a_form_does_what_it_does_with_it(chromium: Browser, gateway: Gateway) -> None:
    context = chromium.new_context(java_script_enabled=False)
    somebody = Viewer(context.new_page(), gateway.url)
    somebody.log_in("operator", PASSWORD)
    somebody.go("/console/calls")
    somebody.page.get_by_label("Rule begins with").fill("list")
    somebody.page.get_by_role("button", name="Search").click()
    expect(somebody.page.get_by_role("heading", name="Calls")).to_be_visible()
    assert "rule=list" in somebody.page.url
    context.close()

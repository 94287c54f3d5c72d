"""Everybody can use every screen: axe-core finds nothing against WCAG 2.2 AA."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, StorageState, expect

from tests.browser.window import Window
from tests.running import Desk, Instance, until

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async ([part, rules]) => {
    const found = await axe.run(part, {runOnly: rules, resultTypes: ["violations"]});
    const tell = (rule, node) => `${rule.id}: ${node.target} ${node.any[0]?.message ?? rule.help}`;
    return found.violations.flatMap((rule) => rule.nodes.map((node) => tell(rule, node)));
}"""
# Between light and dark only colours change (tokens.css), so in dark only the rules about colours are asked again.
COLOURS = ["color-contrast", "link-in-text-block"]
SIZES = [(1440, 900), (390, 844)]


class Known(NamedTuple):
    """Records that have a screen of their own."""

    appointment: str
    day: str
    patient: str
    consultant: str
    invoice: str
    billed_on: date
    payment: str
    message: str
    own: str
    leave: str
    affected: str
    series: str


@pytest.fixture(scope="module")
def known(running: Instance) -> Known:
    """Book, so that there is one of everything."""
    with running.api() as http:
        desk = Desk(http)
        slot = desk.free(1, 20)[0]
        answers = (desk.book(desk.wish(slot, patient)) for patient in desk.patients)
        made = next(answer.json() for answer in answers if answer.status_code == 201)
        message = http.get("/messages", params={"limit": 1}).json()["items"][0]
        doctor = f"/consultants/{made['consultant']['id']}"
        begins = datetime.fromisoformat(made["start"])
        span = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
        leave = http.post(f"{doctor}/exceptions", json={"kind": "leave", "reason": "Away"} | span).json()["id"]
        repeated = {name: made[name]["id"] for name in ("patient", "consultant", "visit_type")}
        wanted = {f"{name}_id": key for name, key in repeated.items()} | {"location_id": made["location_id"]}
        rule = {"start": (begins + timedelta(days=7)).isoformat(), "rule": "FREQ=WEEKLY;COUNT=2"}
        series = http.post("/series", json=wanted | rule, headers={"Idempotency-Key": "accessible"}).json()["id"]
        own = own_page(http, made["id"])
    return Known(
        appointment=f"/appointments/{made['id']}",
        day=f"/calendar?date={begins.astimezone(ZoneInfo('Asia/Colombo')).date()}",
        patient=f"/patients/{made['patient']['id']}",
        consultant=f"/consultants/{made['consultant']['id']}",
        billed_on=datetime.now(ZoneInfo("Asia/Colombo")).date(),
        invoice=f"/billing/invoices/{made['invoice']['id']}",
        payment=f"/billing/payments/{made['payment']['id']}",
        message=f"/messages/{message['id']}",
        own=own,
        leave=f"{doctor}/leave",
        affected=f"{doctor}/leave/{leave}",
        series=f"/series/{series}",
    )


def own_page(http: httpx.Client, appointment: str) -> str:
    """Wait for the confirmation, and follow the link in it to the patient's own page."""

    def sent() -> list[dict[str, str]]:
        found: list[dict[str, str]] = http.get("/messages", params={"appointment_id": appointment}).json()["items"]
        return [one for one in found if one["channel"] == "email"]

    until(lambda: bool(sent()), 30, "the booking is confirmed")
    said = http.get(f"/messages/{sent()[0]['id']}").json()["body"]
    link = re.search(r"/p/appointment/\S+", said)
    assert link, said
    return link[0]


@pytest.fixture
def seen(context: Callable[..., BrowserContext], running: Instance, session: StorageState) -> Iterator[Window]:
    """Open a window into which axe-core can be put in spite of the strict policy."""
    one = Window(context(storage_state=session, bypass_csp=True).new_page(), running)
    yield one
    assert one.complaints == []


SCREENS: dict[str, Callable[[Known], str]] = {
    "dashboard": lambda _: "/",
    "dashboard of the month": lambda _: "/?period=month",
    "calendar": lambda _: "/calendar?ended=true",
    "calendar of a week": lambda known: f"/calendar?{known.consultant.replace('/consultants/', 'consultant_id=')}",
    "calendar as a list": lambda _: "/calendar?show=list",
    "appointments": lambda _: "/appointments?range=month",
    "appointment": lambda known: known.appointment,
    "series": lambda _: "/series",
    "new series": lambda _: "/series/new",
    "one series": lambda known: known.series,
    "queue": lambda _: "/queue",
    "walk-in": lambda _: "/walk-ins/new",
    "patient's own page": lambda known: known.own,
    "patient asked whether to cancel": lambda known: f"{known.own}/cancellation",
    "waiting list": lambda _: "/waitlist",
    "cash drawers": lambda _: "/billing/drawers",
    "opening a drawer": lambda _: "/billing/drawers/new",
    "patients": lambda _: "/patients",
    "nobody found": lambda _: "/patients?q=nobodyhasthisname",
    "patient": lambda known: known.patient,
    "patient's timeline": lambda known: f"{known.patient}/timeline",
    "patient to be opened": lambda _: "/patients/elsewhere",
    "consultants": lambda _: "/consultants",
    "consultants turned round": lambda _: "/consultants?sort=-name",
    "consultant": lambda known: known.consultant,
    "weekly hours": lambda known: f"{known.consultant}/hours",
    "leave": lambda known: known.leave,
    "new leave": lambda known: f"{known.leave}/new",
    "whom a leave concerns": lambda known: known.affected,
    "payments": lambda _: "/billing",
    "invoices": lambda known: f"/billing?show=invoices&day={known.billed_on}",
    "invoice": lambda known: known.invoice,
    "claims": lambda _: "/billing/claims",
    "payers": lambda _: "/settings/payers",
    "prices": lambda _: "/settings/prices",
    "money policy": lambda _: "/settings/money",
    "drafts of invoices": lambda _: "/billing/drafts",
    "new draft of an invoice": lambda _: "/billing/drafts/new",
    "messages": lambda _: "/messages",
    "message": lambda known: known.message,
    "mailbox": lambda _: "/messages/mailbox",
    "reports": lambda _: "/reports?period=month",
    "attention": lambda _: "/attention",
    "changed clocks": lambda _: "/clock-changes",
    "settings": lambda _: "/settings",
    "locations": lambda _: "/settings/locations",
    "rooms": lambda _: "/settings/rooms",
    "holidays": lambda _: "/settings/holidays",
    "holidays that nobody knows": lambda _: "/settings/holidays?year=2027",
    "visit types": lambda _: "/settings/visit-types",
    "card gateways": lambda _: "/settings/payments",
    "people": lambda _: "/settings/people",
    "clients": lambda _: "/settings/clients",
    "search": lambda _: "/search?q=perera",
    "booking without scripts": lambda _: "/appointments/new",
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_violation(seen: Window, known: Known, name: str) -> None:
    seen.open(SCREENS[name](known))
    from_the_top(seen)
    assert violations(seen.page) == {}


def test_a_page_that_says_what_is_wrong_has_no_violation(seen: Window) -> None:
    seen.expected.add(404)
    seen.open("/nothing-is-here")
    assert violations(seen.page) == {}


def test_signing_in_has_no_violation(context: Callable[..., BrowserContext], running: Instance) -> None:
    window = Window(context(bypass_csp=True).new_page(), running, {401})
    window.open("/sign-in")
    assert violations(window.page) == {}
    window.page.get_by_label("E-mail").fill("nobody@example.com")
    window.page.get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_role("alert")).to_be_visible()
    assert violations(window.page) == {}


DIALOGS: dict[str, tuple[Callable[[Known], str], str]] = {
    "new patient": (lambda _: "/patients", "New patient"),
    "edit patient": (lambda known: known.patient, "Edit"),
    "new consultant": (lambda _: "/consultants", "New consultant"),
    "add to the waiting list": (lambda _: "/waitlist", "Add to the list"),
    "location": (lambda _: "/settings/locations", "Edit"),
    "opening hours": (lambda _: "/settings/locations", "Opening hours"),
    "room": (lambda _: "/settings/rooms", "Add a room"),
    "visit type": (lambda _: "/settings/visit-types", "Edit"),
    "observed holidays": (lambda _: "/settings/holidays", "Which are observed"),
    "edit consultant": (lambda known: known.consultant, "Edit"),
    "move": (lambda known: known.appointment, "Move"),
    "cancel": (lambda known: known.appointment, "Cancel"),
    "take payment": (lambda _: "/billing", "Take payment"),
    "coverage": (lambda known: known.patient, "Add"),
    "refund": (lambda known: known.invoice, "Refund"),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_an_open_dialog_has_no_violation(seen: Window, known: Known, name: str) -> None:
    screen, opener = DIALOGS[name]
    seen.open(screen(known))
    seen.page.get_by_role("main").get_by_role("link", name=opener, exact=True).first.click()
    expect(seen.page.get_by_role("dialog")).to_be_visible()
    seen.quiet()
    assert violations(seen.page) == {}


def test_the_dialogs_of_the_calendar_have_no_violation(seen: Window, known: Known) -> None:
    seen.open(known.day)  # not today's: in the evening nothing of it can be moved any more
    for key in ("Enter", "m"):
        seen.page.locator(".ec-draggable").first.focus()
        seen.page.keyboard.press(key)
        expect(seen.page.get_by_role("dialog")).to_be_visible()
        assert violations(seen.page) == {}
        seen.page.keyboard.press("Escape")
        expect(seen.page.get_by_role("dialog")).to_have_count(0)


def test_the_form_of_a_booking_has_no_violation_at_any_step(seen: Window) -> None:
    seen.expected.add(422)
    seen.open("/appointments")
    seen.page.keyboard.press("n")
    form = seen.page.get_by_role("dialog", name="New appointment")
    form.locator(".slot").first.wait_for()
    assert violations(seen.page) == {}
    form.get_by_role("combobox", name="Patient").press_sequentially("pere")
    form.get_by_role("option").first.wait_for()
    assert violations(seen.page) == {}
    form.locator(".slot").first.click()
    form.locator(".offer").wait_for()
    form.get_by_role("button", name="Book appointment").click()
    form.locator(".error").first.wait_for()
    assert violations(seen.page) == {}


def test_nothing_of_billing_is_cut_off_on_a_phone(seen: Window, known: Known) -> None:
    width, height = SIZES[-1]
    seen.page.set_viewport_size({"width": width, "height": height})
    for name in (
        "payments",
        "invoices",
        "invoice",
        "claims",
        "cash drawers",
        "prices",
        "money policy",
        "new draft of an invoice",
    ):
        seen.open(SCREENS[name](known))
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width, name
    seen.open(SCREENS["invoices"](known))
    labels = "[...document.querySelectorAll('.cell-named')].map((one) => getComputedStyle(one, '::before').content)"
    assert any("Total" in one for one in seen.page.evaluate(labels)), "an amount says on a phone what it is"


@pytest.mark.parametrize(
    ("name", "code", "direction"), [("සිංහල", "si", "ltr"), ("தமிழ்", "ta", "ltr"), ("العربية", "ar", "rtl")]
)
def test_the_screens_speak_the_chosen_language(seen: Window, name: str, code: str, direction: str) -> None:
    seen.open("/appointments")
    seen.page.locator("summary[aria-label=Language]").click()
    seen.page.get_by_role("button", name=name).click()
    expect(seen.page.locator("html")).to_have_attribute("lang", code)
    expect(seen.page.locator("html")).to_have_attribute("dir", direction)
    expect(seen.page.get_by_role("heading", name="Appointments")).to_have_count(0)
    for path in ("/", "/calendar", "/billing"):
        seen.open(path)
        from_the_top(seen)
        assert violations(seen.page) == {}
        assert seen.page.evaluate("document.documentElement.scrollWidth") == SIZES[0][0]
    seen.page.context.clear_cookies(name="careconnect_language")


def test_the_list_of_shortcuts_and_the_open_menus_have_no_violation(seen: Window) -> None:
    seen.open("/")
    seen.page.keyboard.press("?")
    expect(seen.page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    assert violations(seen.page) == {}
    seen.page.keyboard.press("Escape")
    for width, height in SIZES:
        menus = seen.page.locator("details.menu summary:visible")
        seen.page.set_viewport_size({"width": width, "height": height})
        for index in range(menus.count()):
            seen.page.set_viewport_size({"width": width, "height": height})
            menus.nth(index).click()
            # What an open menu covers is not to be reached at that moment.
            assert violations(seen.page, "details[open]") == {}
            seen.page.keyboard.press("Escape")


def from_the_top(seen: Window) -> None:
    """Show a calendar from its first hour: one that begins at the present hour may cut a visit, which is no lack."""
    expect(seen.page.locator("[aria-busy=true]")).to_have_count(0)
    seen.page.evaluate("document.querySelectorAll('.ec-main').forEach((grid) => { grid.scrollTop = 0 })")


def violations(page: Page, part: str = "html") -> dict[str, list[str]]:
    """Ask axe-core, light and dark, wide and narrow; gives what it found by how it was shown."""
    schemes: tuple[tuple[Literal["light", "dark"], list[str]], ...] = (("light", RULES), ("dark", COLOURS))
    if not page.evaluate("'axe' in window"):
        assert AXE.exists(), "axe-core is not installed; bin/setup --test does so."
        page.add_script_tag(path=AXE)
    found: dict[str, list[str]] = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for scheme, rules in schemes:
            page.emulate_media(color_scheme=scheme)
            if wrong := page.evaluate(CHECK, [part, rules]):
                found[f"{scheme}, {width} wide"] = wrong
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    return found

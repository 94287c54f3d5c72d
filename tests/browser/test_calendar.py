"""A day at the front desk in the calendar: by mouse and by keyboard, and with two desks at once."""

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, StorageState, expect

from careconnect import clock
from tests.browser.booking import choose_patient
from tests.browser.window import Window
from tests.running import Instance, until

pytestmark = pytest.mark.browser
SLOT = 24
"""Pixels of a quarter of an hour."""


def quiet_day(ahead: int = 16) -> str:
    """Choose a weekday so far ahead that the demo clinic has free times left on it."""
    day = (clock.now() + timedelta(days=ahead)).date()
    return (day + timedelta(days=(2 - day.weekday()) % 7)).isoformat()


@pytest.fixture
def other_desk(context: Callable[..., BrowserContext], running: Instance, session: StorageState) -> Iterator[Window]:
    """Open the same day at another desk."""
    one = Window(context(storage_state=session).new_page(), running)
    yield one
    assert one.complaints == []


def calendar(window: Window, day: str) -> Locator:
    """Open a day, and wait for its hours."""
    window.open(f"/calendar?date={day}")
    grid = window.page.locator("#calendar")
    expect(grid.locator(".room").first).to_be_attached()
    return grid


def visit(window: Window, name: str) -> Locator:
    """Find a patient's visit in the grid."""
    return window.page.get_by_role("button", name=re.compile(name))


def free_place(grid: Locator) -> tuple[float, float]:
    """Find where an hour is white: between the shades and visits of some column."""
    found: dict[str, float] | None = grid.evaluate("""root => {
        const there = root.querySelectorAll(".ec-event, .ec-bg-event:not(.room)");
        const taken = [...there].map((one) => one.getBoundingClientRect());
        const main = root.querySelector(".ec-main").getBoundingClientRect();
        const head = root.querySelector(".ec-header").getBoundingClientRect();
        for (const day of root.querySelectorAll(".ec-body .ec-day")) {
            const {left, width, right} = day.getBoundingClientRect();
            if (right > main.right) continue;
            for (let top = head.bottom + 4; top < main.bottom - 280; top += 10) {
                const box = {left: left + 2, right: left + width - 2, top, bottom: top + 240};
                const free = taken.every((one) =>
                    one.right <= box.left || one.left >= box.right || one.bottom <= box.top || one.top >= box.bottom);
                if (free) return {x: left + width / 2, y: top + 30};
            }
        }
        return null;
    }""")
    assert found, "the day has no three free hours in any column"
    return found["x"], found["y"]


def times(visit: Locator) -> tuple[str, str]:
    """Read when a visit starts and ends from what it says of itself."""
    start, _, rest = (visit.locator(".unseen").text_content() or "").partition("\N{EN DASH}")
    return start, rest[:5]


def later(clock_time: str, minutes: int) -> str:
    """Turn a wall clock forward."""
    total = int(clock_time[:2]) * 60 + int(clock_time[3:]) + minutes
    return f"{total // 60:02}:{total % 60:02}"


def drag(window: Window, x: float, y: float, down: float) -> None:
    """Take what is at a point and drop it lower."""
    mouse = window.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y + down / 2, steps=6)
    mouse.move(x, y + down, steps=6)
    # The grid follows the pointer once a frame, and a busy machine draws few: nobody lets go before it has followed.
    with contextlib.suppress(AssertionError):  # it was taken out of the hand
        until(lambda: any(abs(edge - y - down) < SLOT / 2 for edge in previewed(window)), 5, "the grid has followed")
    mouse.up()


def previewed(window: Window) -> list[float]:
    """Tell between which heights stands what is being dragged."""
    script = (
        "found => found.flatMap((one) => { const {top, bottom} = one.getBoundingClientRect(); return [top, bottom]; })"
    )
    found: list[float] = window.page.locator(".ec-preview").evaluate_all(script)
    return found


def asked_by_drag(window: Window, question: str, x: float, y: Callable[[], float], down: float) -> Locator:
    """Drag until it is asked about: news that draws the day anew at that moment takes it out of the hand."""
    dialog = window.page.get_by_role("dialog", name=re.compile(f"^{question}"))
    for _ in range(3):
        drag(window, x, y(), down)
        with contextlib.suppress(AssertionError):
            expect(dialog).to_be_visible(timeout=8000)
            return dialog
    expect(dialog).to_be_visible()
    return dialog


def edges(visit: Locator) -> tuple[float, float]:
    """Tell where a visit begins and ends on the screen."""
    script = "one => { const {top, bottom} = one.getBoundingClientRect(); return [top, bottom]; }"
    found: list[float] = visit.evaluate(script)
    return found[0], found[1]


def booked_by_click(desk: Window, x: float, y: float) -> str:
    """Book where nobody is yet, for a patient whose name is given back."""
    page = desk.page
    page.mouse.click(x, y)
    form = page.get_by_role("dialog", name="New appointment")
    expect(form.locator(".slot :checked")).to_have_count(1)
    choose_patient(form, "Fernando")
    name = form.get_by_role("combobox", name="Patient").input_value()
    form.get_by_text("At the desk", exact=True).click()
    form.get_by_role("button", name="Book appointment").click()
    expect(page.get_by_role("dialog", name="Appointment booked")).to_be_visible()
    page.keyboard.press("Escape")
    return name


def test_a_visit_is_booked_moved_lengthened_and_put_back_and_the_other_desk_sees_it(
    desk: Window, other_desk: Window
) -> None:
    day = quiet_day(ahead=44)  # the demo clinic has nobody so far ahead
    page, grid = desk.page, calendar(desk, day)
    calendar(other_desk, day)
    page.bring_to_front()
    x, y = free_place(grid)
    name = booked_by_click(desk, x, y)
    made, theirs = visit(desk, name), visit(other_desk, name)
    expect(made).to_be_visible()
    expect(theirs).to_be_visible()
    start, _ = times(made)

    asked_by_drag(desk, "Move to", x, lambda: edges(made)[0] + 6, SLOT * 4)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Moved to")
    expect(theirs).to_have_accessible_name(re.compile(f"^{later(start, 60)}"))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Moved back")
    expect(visit(desk, name)).to_have_accessible_name(re.compile(f"^{start}"))

    made = visit(desk, name)
    before = edges(made)
    question = asked_by_drag(desk, "Lengthen to", x, lambda: before[1] - 3, SLOT * 2)
    desk.expected.add(422)
    question.get_by_label("Length").fill("1440")
    page.keyboard.press("Enter")
    expect(question.locator(".error")).to_be_visible()
    until(lambda: edges(made) == before, 10, "what was refused is as long as it was")
    question.get_by_label("Length").fill("60")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It now takes 1 h")
    expect(theirs).to_have_accessible_name(re.compile(f"^{start}.{later(start, 60)}"))

    made.focus()
    page.keyboard.press("m")
    moving = page.get_by_role("dialog", name="Move appointment")
    expect(moving.get_by_label("Time")).to_be_focused()
    page.keyboard.type(later(start, 60).replace(":", ""))
    moving.get_by_label("Length").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("45")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").last).to_contain_text("Moved to")
    expect(theirs).to_have_accessible_name(re.compile(f"^{later(start, 60)}.{later(start, 105)}"))
    page.get_by_role("button", name="Undo").last.click()
    expect(page.get_by_role("status")).to_contain_text("Moved back")
    expect(visit(desk, name)).to_have_accessible_name(re.compile(f"^{start}.{later(start, 60)}"))


def focused(window: Window) -> str:
    """Read what has the focus."""
    said: str = window.page.evaluate("document.activeElement.textContent")
    return said


def test_a_visit_is_booked_lengthened_moved_and_put_back_with_keys_alone(desk: Window) -> None:
    page, keyboard = desk.page, desk.page.keyboard
    desk.open(f"/calendar?date={quiet_day(ahead=37)}")  # the demo clinic has nobody so far ahead
    expect(page.locator("#calendar .room").first).to_be_attached()
    keyboard.press("b")
    form = page.get_by_role("dialog", name="New appointment")
    expect(form.locator(".slot :checked")).to_have_count(1)
    expect(form.get_by_role("combobox", name="Patient")).to_be_focused()
    keyboard.type("Fernando")
    form.get_by_role("option", name="Fernando").first.wait_for()
    keyboard.press("Enter")
    name = form.get_by_role("combobox", name="Patient").input_value()
    keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Appointment booked")).to_be_visible()
    keyboard.press("Escape")
    made = visit(desk, name)
    expect(made).to_be_focused()
    start, end = times(made)
    page.wait_for_timeout(2500)  # news of the booking comes to its own desk too, and draws the day once more
    expect(made).to_be_focused()

    keyboard.press("ArrowDown")
    assert name not in focused(desk), "the arrows go on from one place to the next"
    keyboard.press("ArrowUp")
    expect(made).to_be_focused()

    keyboard.press("+")
    expect(page.get_by_role("dialog", name=re.compile("^Lengthen to"))).to_be_visible()
    keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It now takes")
    expect(made).to_have_accessible_name(re.compile(f"^{start}.{later(end, 15)}"))
    expect(made).to_be_focused()

    keyboard.press("m")
    expect(page.get_by_role("dialog", name="Move appointment").get_by_label("Time")).to_be_focused()
    keyboard.type(later(start, 60).replace(":", ""))
    keyboard.press("Enter")
    expect(page.get_by_role("status").last).to_contain_text("Moved to")
    expect(made).to_have_accessible_name(re.compile(f"^{later(start, 60)}.{later(end, 75)}"))

    keyboard.press("z")
    expect(page.get_by_role("status")).to_contain_text("Moved back")
    expect(made).to_have_accessible_name(re.compile(f"^{start}.{later(end, 15)}"))


def test_news_takes_neither_the_focus_nor_what_was_asked_for(desk: Window) -> None:
    page = desk.page
    grid = calendar(desk, quiet_day(ahead=2))
    movable = grid.locator(".ec-draggable").first
    name = movable.locator(".unseen").text_content()
    movable.focus()
    focused_when_drawn: list[str] = []

    def drawn_meanwhile(route: Route) -> None:
        focused_when_drawn.append(
            page.evaluate("""() => new Promise((tell) => {
            const focused = () => tell(document.activeElement.querySelector(".unseen")?.textContent);
            const grid = document.getElementById("calendar");
            new MutationObserver(focused).observe(grid, {childList: true, subtree: true});
            document.dispatchEvent(new CustomEvent("appointments-changed"));
        })""")
        )
        route.continue_()

    scrolled = "document.querySelector('.ec-main').scrollTop"
    page.evaluate(f"{scrolled} = 40")
    page.route("**/move", drawn_meanwhile)
    page.keyboard.press("m")
    expect(page.get_by_role("dialog", name="Move appointment").get_by_label("Time")).to_be_focused()
    assert focused_when_drawn == [name], "a key that is pressed at this moment is not lost"
    assert page.evaluate(scrolled) == 40, "nor is the place that was scrolled to"
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("document.querySelector('#calendar .ec-draggable').dataset.old = ''")
    page.evaluate("document.dispatchEvent(new CustomEvent('appointments-changed'))")
    expect(page.locator("[data-old]")).to_have_count(0)
    page.keyboard.press("Escape")
    until(lambda: focused(desk) == movable.text_content(), 10, "the focus is back on the visit, drawn anew meanwhile")


def noon(page: Page) -> float:
    """Tell how far down the day the line of the present is."""
    line = page.locator(".ec-now-indicator")
    expect(line).to_be_attached()
    share: float = line.evaluate("""one => {
        const body = document.querySelector(".ec-body .ec-day").getBoundingClientRect();
        return (one.getBoundingClientRect().top - body.top) / body.height;
    }""")
    return share


def test_the_line_of_the_present_follows_the_clock_in_a_week_in_which_it_is_changed(desk: Window) -> None:
    page = desk.page
    desk.open("/consultants")
    address = page.locator('a[href^="/consultants/"]').evaluate_all(
        "links => links.map((one) => one.pathname).find((path) => /[0-9a-f-]{36}$/.test(path))"
    )

    def in_london(route: Route) -> None:
        answer = route.fetch()
        place = {"zone": "Europe/London", "hours": ["00:00", "24:00"]}
        visit = {
            "id": "1", "consultant": address.rpartition("/")[2], "start": "2026-10-25T06:00", "end": "2026-10-25T18:00",
            "href": "/", "version": 1, "status": "booked", "icon": "calendar", "word": "", "patient": "Kamala Perera",
            "visit": "", "place": "", "colour": "#000", "movable": False, "resizable": False, "attention": False,
            "label": "Kamala Perera",
        }  # fmt: skip
        route.fulfill(response=answer, json=answer.json() | place | {"visits": [visit]})

    page.route("**/calendar/data?*", in_london)
    page.clock.install(time="2026-10-24T23:00:00Z")
    page.clock.pause_at("2026-10-25T00:30:00Z")
    desk.open(f"/calendar?date=2026-10-25&consultant_id={address.rpartition('/')[2]}")
    expect(visit(desk, "Kamala Perera")).to_be_visible()
    before = edges(visit(desk, "Kamala Perera"))
    assert noon(page) == pytest.approx(1.5 / 24, abs=0.002), "half past one in summer"
    page.clock.fast_forward("11:30:00")
    page.clock.run_for(2000)
    until(lambda: noon(page) == pytest.approx(0.5, abs=0.002), 10, "noon by the clock that holds since that morning")
    until(lambda: edges(visit(desk, "Kamala Perera")) == before, 10, "what was agreed on by the wall clock stays")
    page.unroute_all(behavior="ignoreErrors")

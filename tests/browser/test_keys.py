"""Hands that stay on the keyboard: each key of the list of shortcuts does what it says."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from careconnect.ids import uuid7
from tests.browser.window import Window
from tests.running import Desk, Instance

pytestmark = pytest.mark.browser
DAY = timedelta(days=1)


def test_each_key_does_what_the_list_of_shortcuts_says(desk: Window, running: Instance) -> None:
    page = desk.page
    desk.open(f"/appointments/{somebody_has_come(running)}")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Checked in")
    page.keyboard.press("t")
    desk.see_heading("Appointments")
    page.wait_for_load_state()
    the_arrows_move_the_day(page)
    opened_and_left(page, "n", page.get_by_role("dialog", name="New appointment"))
    expect(page.get_by_role("link", name="New appointment")).to_be_focused()
    opened_and_left(page, "?", page.get_by_role("dialog", name="Shortcuts"))
    the_search_is_reached_and_left(page)


def somebody_has_come(running: Instance) -> str:
    """Have a patient walk in; gives the appointment."""
    with running.api() as http:
        known = Desk(http)
        slot = known.free(1)[0]
        wanted = {name: slot[name] for name in ("consultant_id", "location_id", "visit_type_id")}
        wanted |= {"patient_id": known.newcomer(), "overbook": {"reason": "an emergency"}}
        answer = http.post("/walk-ins", json=wanted, headers={"Idempotency-Key": str(uuid7())})
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found


def the_arrows_move_the_day(page: Page) -> None:
    shown = page.get_by_label("Day", exact=True)
    today = date.fromisoformat(shown.input_value())
    for key, day in (("ArrowRight", today + DAY), ("ArrowLeft", today), ("ArrowLeft", today - DAY), ("t", today)):
        page.keyboard.press(key)
        expect(shown).to_have_value(day.isoformat())
        page.wait_for_load_state()  # the keys are listened to once the scripts are there


def opened_and_left(page: Page, key: str, dialog: Locator) -> None:
    page.keyboard.press(key)
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def the_search_is_reached_and_left(page: Page) -> None:
    """In a field letters are letters, and Ctrl-K leads out of it."""
    search, field = page.locator("#search"), page.get_by_label("Day", exact=True)
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("n?t/")
    expect(search).to_have_value("n?t/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(search).not_to_be_focused()
    field.focus()
    page.keyboard.press("Control+k")
    expect(search).to_be_focused()

"""What a front desk lives through: a card that is declined, hands that stay on the keyboard, a session that ends."""

import re

import httpx
import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.booking import choose_a_time, choose_card, choose_patient, open_booking
from tests.browser.window import Window
from tests.running import Instance

pytestmark = pytest.mark.browser
TYPED = ("find", "patient_id", "visit_type_id", "slot", "reason", "pay", "notify")
READ = """names => Object.fromEntries(
    names.map((name) => [name, new FormData(document.getElementById("booking-form")).get(name)]))"""


def test_a_declined_card_says_so_and_keeps_what_was_typed_and_the_time(desk: Window, newcomer: str) -> None:
    page = desk.page
    desk.expected.add(402)
    desk.open("/appointments")
    form = open_booking(desk)
    choose_patient(form, newcomer)
    form.get_by_label("Reason").fill("Comes with a friend")
    choose_a_time(desk, form)
    typed = page.evaluate(READ, TYPED)
    choose_card(form, "pm_card_chargeDeclined")
    form.get_by_role("button", name="Book appointment").click()
    card = form.get_by_label("Card", exact=True).last
    said = form.locator("#booking-token-error")
    expect(said).to_contain_text("The card was declined")
    expect(said).to_contain_text("Nothing was charged and the time is still held")
    expect(card).to_be_focused()
    assert page.evaluate(READ, TYPED) == typed
    choose_card(form, "pm_card_visa")
    form.get_by_role("button", name="Book appointment").click()
    expect(page.get_by_role("dialog", name="Appointment booked")).to_contain_text("Paid")


class Keyboard:
    """Counts the keys that are pressed beside the words."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.strokes = 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.strokes += 1

    def tab_to(self, name: str) -> None:
        while not self.page.evaluate("name => document.activeElement.name === name", name):
            assert self.strokes < 30, f"no way by keyboard to {name}"
            self.press("Tab")


def test_a_known_patient_is_booked_with_twelve_keys_beside_the_words(desk: Window, newcomer: str) -> None:
    desk.open("/appointments")
    hands = Keyboard(desk.page)
    hands.press("n")
    form = desk.page.get_by_role("dialog", name="New appointment")
    expect(form.get_by_role("combobox", name="Patient")).to_be_focused()
    form.locator(".slot").first.wait_for()
    desk.page.keyboard.type(newcomer.lower())
    form.get_by_role("option", name=newcomer).first.wait_for()
    hands.press("Enter")
    hands.tab_to("slot")
    hands.press("Space")
    form.locator(".offer").wait_for()
    hands.press("Enter")
    expect(desk.page.get_by_role("dialog", name="Appointment booked")).to_be_visible()
    assert hands.strokes <= 12


def test_the_list_is_narrowed_to_a_patient_by_typing_and_widened_by_emptying_the_field(desk: Window) -> None:
    page = desk.page
    desk.open("/appointments")
    field = page.get_by_role("search", name="Appointments").get_by_role("combobox", name="Patient")
    field.press_sequentially("Perera")
    page.get_by_role("listbox", name="Patient").get_by_role("option", name="Perera").first.click()
    expect(page).to_have_url(re.compile(r"patient_id=[0-9a-f]{8}-"))
    field.fill("")
    expect(page).to_have_url(re.compile(r"patient_id=(&|$)"))


def test_a_session_that_ended_asks_to_sign_in_again_and_goes_on_where_it_was(window: Window, running: Instance) -> None:
    page = window.page
    window.expected.add(401)
    window.open("/patients")
    window.sign_in()
    window.see_heading("Patients")
    page.get_by_role("link", name="New patient").click()
    form = page.get_by_role("dialog", name="New patient")
    form.get_by_label("First name").fill("Ishara")
    form.get_by_label("Last name").fill("Sessionsend")
    end_session(page, running)
    form.get_by_label("Date of birth").fill("1990-01-31")
    form.get_by_label("Date of birth").press("Tab")
    again = page.get_by_role("dialog", name="Your session has ended")
    again.get_by_label("E-mail").fill(window.staff["email"])
    again.get_by_label("Password").fill(window.staff["password"])
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_have_count(0)
    expect(form.get_by_label("Last name")).to_have_value("Sessionsend")
    form.get_by_role("button", name="Register").click()
    form.get_by_text("register anyway").or_(page.get_by_role("heading", level=1, name="Ishara")).wait_for()
    end_session(page, running)
    window.open("/billing?show=invoices")
    window.sign_in()
    window.see_heading("Billing")
    assert page.url.endswith("/billing?show=invoices")


def end_session(page: Page, running: Instance) -> None:
    """End the session elsewhere, as an administrator or the passing of time does."""
    cookies: StorageState = page.context.storage_state()
    with httpx.Client(base_url=running.url) as elsewhere:
        for cookie in cookies["cookies"]:
            elsewhere.cookies.set(cookie["name"], cookie["value"])
        token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
        answer = elsewhere.post("/sign-out", headers={"x-csrf-token": token})
        assert answer.status_code == 303, answer.text

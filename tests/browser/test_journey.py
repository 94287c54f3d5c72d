"""The journey of a front desk, from the first sign-in to the refund, in a real browser."""

import re
import secrets
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.booking import choose_a_time, choose_card, choose_patient, open_booking
from tests.browser.window import Window
from tests.running import Instance

pytestmark = pytest.mark.browser
NUMBER = f"{secrets.randbelow(10**7):07}"
PATIENT = f"Sulochana Browser{NUMBER.translate(str.maketrans('0123456789', 'abcdefghij'))}"
MAIL = f"sulochana.{NUMBER}@example.com"


@dataclass
class Figures:
    """What the dashboard says."""

    patients: int
    revenue: int


def test_somebody_registered_and_booked_is_seen_everywhere_and_gets_the_money_back(
    window: Window, running: Instance
) -> None:
    window.open("/")
    window.sign_in()
    window.see_heading(re.compile("^Good"))
    before = figures_now(window, running)
    register(window)
    price, day = book(window)
    it_is_on_the_list_of_its_day(window, day)
    it_is_on_the_profile_and_in_billing(window, price)
    it_was_confirmed_by_mail(window)
    the_figures_know_it(window, running, before, price)
    it_tells_its_story(window)
    the_money_goes_back(window, price)
    code, said = running.verify()
    assert code == 0, said


def register(window: Window) -> None:
    page = window.page
    window.go("Patients")
    known = page.locator("#results .person-name").first.inner_text()
    page.get_by_role("link", name="New patient").click()
    form = page.get_by_role("dialog", name="New patient")
    first, _, last = known.rpartition(" ")
    form.get_by_label("First name").fill(first)
    form.get_by_label("Last name").fill(last)
    form.get_by_label("Date of birth").fill("1988-02-29")
    expect(form.get_by_text("Already here?")).to_be_visible()
    expect(form.locator("#duplicates")).to_contain_text(known)
    form.get_by_label("First name").fill(PATIENT.split(maxsplit=1)[0])
    form.get_by_label("Last name").fill(PATIENT.split()[1])
    form.get_by_label("Gender").select_option(label="Female")
    form.get_by_label("E-mail").fill(MAIL)
    form.get_by_label("Phone").first.fill(f"077 {NUMBER}")
    expect(form.get_by_text("Already here?")).to_be_hidden()
    form.get_by_role("button", name="Register").click()
    window.see_heading(PATIENT)
    expect(page.get_by_role("status")).to_contain_text("Patient registered")


def book(window: Window) -> tuple[str, str]:
    """Book a visit that is paid in full; gives its price and its day."""
    form = open_booking(window)
    choose_patient(form, PATIENT)
    day = choose_a_time(window, form)
    price = form.locator(".offer-price").inner_text()
    choose_card(form, "pm_card_visa")
    form.get_by_role("button", name="Book appointment").click()
    outcome = window.page.get_by_role("dialog", name="Appointment booked")
    expect(outcome).to_contain_text(PATIENT)
    expect(outcome).to_contain_text("Paid")
    outcome.get_by_role("button", name="Close").last.click()
    expect(outcome).to_have_count(0)
    return price, day


def it_is_on_the_list_of_its_day(window: Window, day: str) -> None:
    page = window.page
    window.go("Appointments")
    page.get_by_label("Day", exact=True).fill(day)
    row = page.get_by_role("row").filter(has_text=PATIENT)
    expect(row).to_contain_text("Booked")


def it_is_on_the_profile_and_in_billing(window: Window, price: str) -> None:
    page = window.page
    window.go("Patients")
    page.get_by_label("Search patients").fill(PATIENT)
    page.locator("#results").get_by_role("link", name=PATIENT).click()
    window.see_heading(PATIENT)
    expect(page.get_by_role("region", name="Appointments")).to_contain_text("Booked")
    window.go("Billing")
    row = page.get_by_role("row").filter(has_text=PATIENT).first
    expect(row).to_contain_text("Paid")
    expect(row).to_contain_text(price)


def it_was_confirmed_by_mail(window: Window) -> None:
    page = window.page
    row = page.get_by_role("row").filter(has_text=PATIENT).filter(has_text="confirm").filter(has_text="Sent").first
    seen_in_the_end(window, "Messages", row)
    page.get_by_role("link", name="Local mailbox").click()
    mail = page.get_by_role("region", name="Mails").locator(".row").filter(has_text=MAIL)
    mail.get_by_role("link").first.click()
    expect(page.locator(".letter-body")).to_contain_text(PATIENT.split(maxsplit=1)[0])


def seen_in_the_end(window: Window, screen: str, sought: Locator) -> None:
    """Open a screen again until something that happens by itself is there."""
    for _ in range(40):
        window.go(screen)
        if sought.count():
            return
        window.page.wait_for_timeout(250)
    expect(sought).to_be_visible()


def the_figures_know_it(window: Window, running: Instance, before: Figures, price: str) -> None:
    after = figures_now(window, running)
    assert after.patients == before.patients + 1
    assert after.revenue == before.revenue + amount(price)


def it_tells_its_story(window: Window) -> None:
    page = window.page
    window.go("Patients")
    page.get_by_label("Search patients").fill(PATIENT)
    page.locator("#results").get_by_role("link", name=PATIENT).click()
    page.get_by_role("region", name="Appointments").get_by_role("link").first.click()
    window.see_heading(re.compile(PATIENT))
    story = page.locator(".timeline")
    for words in ("Booked", "Paid", "Authorised"):
        expect(story).to_contain_text(words)
    expect(story.locator(".planned").filter(has_text="Reminder").first).to_be_visible()


def the_money_goes_back(window: Window, price: str) -> None:
    page = window.page
    page.get_by_role("link", name="Cancel").click()
    form = page.get_by_role("dialog", name="Cancel appointment")
    expect(form.get_by_text(price)).to_be_visible()
    form.get_by_label("Refund and tell at once").check()
    form.get_by_role("button", name="Cancel appointment").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
    refunded = page.get_by_role("region", name="Money").get_by_text("Refunded")
    for _ in range(40):
        if refunded.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator(".timeline")).to_contain_text("Refund")
    window.go("Billing")
    row = page.get_by_role("row").filter(has_text=PATIENT).first
    expect(row).to_contain_text("Refunded")


def figures_now(window: Window, running: Instance) -> Figures:
    """Read the dashboard after its figures were made anew, which checking the laws does."""
    code, said = running.verify()
    assert code == 0, said
    window.go("Dashboard", re.compile("^Good"))
    return figures(window.page)


def figures(page: Page) -> Figures:
    shown = page.locator(".tile")
    expect(shown).to_have_count(4)
    patients, revenue = (
        shown.filter(has=page.get_by_role("heading", name=name)).locator(".tile-value").inner_text()
        for name in ("Patients", "Revenue")
    )
    return Figures(amount(patients), amount(revenue))


def amount(words: str) -> int:
    """Read a whole number as people write it."""
    return int(re.sub(r"\D", "", words.split(".", maxsplit=1)[0]))

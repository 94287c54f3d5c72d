"""The countdown of a held time in a booking form."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.booking import PAID_AT_ONCE, open_booking
from tests.browser.window import Window

pytestmark = pytest.mark.browser


def test_a_chosen_time_is_held_while_the_clock_runs_and_given_back_with_the_form(desk: Window) -> None:
    page = desk.page
    page.clock.install()
    desk.open("/appointments")
    form = open_booking(desk)
    form.get_by_label("Visit").select_option(label=PAID_AT_ONCE)
    desk.quiet()
    form.get_by_role("button", name="Later days").click()
    desk.quiet()
    form.locator(".slot").first.click()
    expect(form.get_by_role("timer")).to_have_text(re.compile(r"^9:\d\d$"))
    form.get_by_role("button", name="Extend by 10 minutes").click()
    expect(form.get_by_role("timer")).to_have_text(re.compile(r"^19:\d\d$"))
    expect(form.get_by_role("button", name="Extend by 10 minutes")).to_have_count(0)
    said = form.locator("[data-hold-said]")
    page.clock.fast_forward("17:30")
    expect(said).to_be_empty()
    for seconds, words in ((50, "two more minutes"), (60, "one more minute"), (60, "no longer held")):
        page.clock.fast_forward(seconds * 1000)
        expect(said).to_have_text(re.compile(words))
    expect(form.get_by_role("timer")).to_be_hidden()
    form.get_by_role("button", name="Hold it again").click()
    expect(form.get_by_role("timer")).to_have_text(re.compile(r"^9:\d\d$|^10:00$"))
    with page.expect_response("**/new/hold/release") as given_back:
        form.get_by_role("button", name="Cancel").click()
    assert given_back.value.status == 204

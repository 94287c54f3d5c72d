"""The form of a booking, as a person fills it in."""

from playwright.sync_api import Locator, expect

from tests.browser.window import Window

PAID_AT_ONCE = "Cardiology consultation"


def open_booking(window: Window) -> Locator:
    """Open the form from wherever the window is."""
    window.page.get_by_role("link", name="New appointment").click()
    form = window.page.get_by_role("dialog", name="New appointment")
    expect(form).to_be_visible()
    return form


def choose_patient(form: Locator, name: str) -> None:
    """Type a name and choose who was found."""
    form.get_by_role("combobox", name="Patient").press_sequentially(name)
    form.get_by_role("option", name=name).first.click()


def choose_a_time(window: Window, form: Locator) -> str:
    """Choose a paid visit next week, far enough for every reminder and a refund in full; gives its day."""
    form.get_by_label("Visit").select_option(label=PAID_AT_ONCE)
    window.quiet()
    form.get_by_role("button", name="Later days").click()
    window.quiet()
    form.locator(".day").filter(has_text="Wed").click()
    window.quiet()
    form.locator(".slot").first.click()
    expect(form.get_by_text("Paid in full when booked.")).to_be_visible()
    return form.locator('[name="date"]:checked').input_value()


def choose_card(form: Locator, token: str) -> None:
    """Choose a test card."""
    form.get_by_label("Card", exact=True).last.select_option(token)

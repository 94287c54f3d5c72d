"""The time that a booking form shows is held for it, through what the form's scripts send."""

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page
from tests.web.pages.test_booking import free_times, wish

HOLD = "/appointments/new/hold"


async def held(desk: Desk, wanted: dict[str, str], path: str = HOLD) -> Page:
    """Send the form to what holds its time."""
    form = (await desk.read("/appointments/new")).form("/appointments")
    answer = await desk.post(path, form.fields | wanted, script=True)
    assert answer.status_code in {200, 204}, answer.text
    return Page(answer.text)


def ids(page: Page) -> dict[str, str]:
    """Read which hold the form has from now on."""
    return {name: page.having("name", name)[0]["value"] for name in ("hold_id", "held_for")}


async def test_a_chosen_time_is_held_extended_once_survives_a_declined_card_and_is_booked(
    front_desk: Desk, clinic: Clinic
) -> None:
    wanted = await wish(clinic)
    page = await held(front_desk, wanted)
    assert "Held for you:" in page.text
    assert "Extend by 10 minutes" in page.text
    mine = wanted | ids(page)
    assert wanted["slot"] not in await free_times(front_desk, wanted), "nobody else is offered it"
    longer = await held(front_desk, mine, f"{HOLD}/extension")
    assert "Extended" in longer.text
    assert "Extend by 10 minutes" not in longer.text
    assert int(longer.having("data-left")[0]["data-left"]) > 18 * 60
    form = await front_desk.read("/appointments/new")
    declined = await front_desk.send(form, "/appointments", mine | {"token": "pm_card_chargeDeclined"})
    assert declined.status_code == 402
    assert "Held for you:" in Page(declined.text).text
    booked = await front_desk.send(form, "/appointments", mine | {"idempotency_key": "another try"})
    assert booked.status_code == 201, booked.text


async def test_another_time_gives_the_first_one_back_and_so_does_closing_the_form(
    front_desk: Desk, clinic: Clinic
) -> None:
    first, second = await wish(clinic), await wish(clinic)
    mine = ids(await held(front_desk, first))
    also = ids(await held(front_desk, second | mine))
    assert first["slot"] in await free_times(front_desk, first)
    assert second["slot"] not in await free_times(front_desk, second)
    taken = await held(front_desk, second)
    assert "That time has just been taken" in taken.text
    await held(front_desk, second | also, f"{HOLD}/release")
    assert second["slot"] in await free_times(front_desk, second)

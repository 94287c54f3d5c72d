"""Bookings that are paid at the gateway's own page: held until then, booked with the money, or as if never begun."""

from datetime import timedelta

from careconnect.errors import Unavailable
from services.appointments.errors import HoldExpired
from services.appointments.schemas import Status
from services.consultants.schemas import PaymentPolicy
from services.payments.errors import GatewayHeldOff
from services.payments.states import InvoiceStatus, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.till import HALF
from tests.workflows.trouble import refusing
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import BookingOutcome, PaymentChoice

BY_LINK = PaymentChoice(method="link")
AWAY = refusing(GatewayHeldOff(retry_after=20))


async def _begin(office: Office) -> BookingOutcome:
    return await office.book(None, payment=BY_LINK)


async def _pay(office: Office) -> None:
    office.till.pay_link(ids.payment_of(office.appointment_id))


async def _asked_again(office: Office) -> BookingOutcome:
    return await office.process.execute_update(AppointmentBooking.pay_again, "first")


async def test_the_time_is_held_with_a_page_for_the_deposit_and_booked_at_once_when_it_was_paid(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="deposit", deposit=HALF)
    first = await _begin(office)
    assert (first.refused, first.appointment, office.row.status) == (None, None, Status.HELD)
    assert first.pay_until
    [link] = office.till.links.values()
    assert (link.id, link.invoice_id, link.amount) == (ids.payment_of(office.appointment_id), first.invoice_id, HALF)
    assert await _asked_again(office) == first, "nothing was paid yet"
    await _pay(office)
    await office.process.signal(AppointmentBooking.page_was_paid)
    booked = await _asked_again(office)
    assert (booked.refused, office.row.status) == (None, Status.BOOKED)
    assert booked.payment
    assert (booked.payment.status, booked.payment.captured) == (PaymentStatus.captured, HALF)
    assert (office.count("authorise"), office.count("capture"), office.till.kept()) == (0, 0, HALF.amount)


async def test_a_payment_of_which_no_event_tells_is_found_by_looking(office: Office) -> None:
    await _begin(office)
    office.on("look_at_link", refusing(Unavailable()))
    await _pay(office)
    for turn in (1, 2):
        await office.pass_time(office.process, timedelta(seconds=16))
        await office.until(lambda turn=turn: office.count("look_at_link") == turn)  # type: ignore[misc]
    assert (await _asked_again(office)).payment
    assert office.row.status == Status.BOOKED


async def test_a_booking_that_nobody_pays_frees_the_time_closes_the_door_and_keeps_nothing(office: Office) -> None:
    await _begin(office)
    await office.pass_time(office.process, timedelta(seconds=600))
    outcome = await office.process.result()
    assert outcome.refused
    assert (outcome.refused.code, outcome.refused.status, outcome.pay_until) == ("payment_not_made", 402, None)
    assert (office.row.status, office.till.kept()) == (Status.EXPIRED, 0)
    assert ids.payment_of(office.appointment_id) in office.till.released, "what is paid now goes back"
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.cancelled]


async def test_money_that_came_for_a_time_that_is_lost_goes_back(office: Office) -> None:
    await _begin(office)
    office.on("confirm", refusing(HoldExpired()))
    await _pay(office)
    await office.process.signal(AppointmentBooking.page_was_paid)
    outcome = await office.process.result()
    assert outcome.refused
    assert (outcome.refused.code, office.row.status, office.till.kept()) == ("hold_expired", Status.EXPIRED, 0)


async def test_what_the_desk_took_meanwhile_books_too_and_a_page_that_staff_closed_ends_it(office: Office) -> None:
    for paid in (True, False):
        office.appointment_id = office.request().appointment_id if paid else ids.payment_of(office.appointment_id)
        office.start += timedelta(days=1)
        await _begin(office)
        key = ids.payment_of(office.appointment_id)
        link = office.till.links[key]
        office.till.links[key] = link.model_copy(update={"status": "closed"})
        if paid:
            desk, price = ids.card_of(office.appointment_id), office.consultants.price
            office.till.add(desk, office.appointment_id, price, PaymentStatus.captured, invoice_id=link.invoice_id)
        await office.process.signal(AppointmentBooking.page_was_paid)
        outcome = await (_asked_again(office) if paid else office.process.result())
        assert (outcome.refused is None, office.row.status) == (paid, Status.BOOKED if paid else Status.EXPIRED)


async def test_a_gateway_that_is_away_keeps_the_time_and_opens_its_page_when_asked_again(office: Office) -> None:
    office.on("offer_link", AWAY)
    first = await _begin(office)
    assert first.refused
    assert (first.refused.code, office.row.status) == ("gateway_unavailable", Status.HELD)
    await office.pass_time(office.process, timedelta(seconds=21))
    second = await _asked_again(office)
    assert (second.refused, bool(second.pay_until), office.row.status) == (None, True, Status.HELD)


async def test_where_the_policy_lets_it_be_owed_a_gateway_that_is_away_stops_no_booking(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="full", when_gateway_is_down="due")
    office.on("offer_link", AWAY)
    outcome = await _begin(office)
    assert (outcome.refused, outcome.payment, office.row.status) == (None, None, Status.BOOKED)
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.issued]


async def test_a_visit_whose_card_would_be_kept_is_paid_at_once_by_a_page(office: Office) -> None:
    office.consultants.policy = PaymentPolicy.model_validate({"kind": "full", "when": "before", "hours_before": 24})
    await _begin(office)
    await _pay(office)
    await office.process.signal(AppointmentBooking.page_was_paid)
    booked = await _asked_again(office)
    assert booked.payment
    assert (booked.payment.captured, office.till.cards) == (office.consultants.price, {})

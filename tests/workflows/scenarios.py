"""Lives of workflows whose histories are kept: each branch that a running workflow may have taken before a change."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle

from activities.beside import BesideActivities
from careconnect.ids import uuid7
from services.appointments.absences.schemas import AbsenceState, Action
from services.appointments.errors import SlotTaken
from services.consultants.schemas import PaymentPolicy
from services.patients.errors import PatientArchived
from services.payments.errors import CaptureFailed, GatewayHeldOff, RefundFailed
from services.payments.states import PaymentStatus
from tests.workflows.answering import Clinic
from tests.workflows.books import Books
from tests.workflows.conftest import working
from tests.workflows.desk import Desk
from tests.workflows.office import Office
from tests.workflows.page_lives import paid_at_a_page, unpaid_at_a_page
from tests.workflows.services import PRICE
from tests.workflows.till import HALF
from tests.workflows.trouble import for_good, hanging, refusing
from tests.workflows.unpaid_lives import recalled, unpaid, unresolved
from tests.workflows.ward import Ward
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import (
    DashboardRequest,
    Leaving,
    MoneyCheckRequest,
    PaymentChoice,
    RefundRequest,
    Resolution,
    Resolving,
)
from workflows.contracts.absence import Steer
from workflows.dashboard import DashboardAggregation
from workflows.money_check import MoneyCheck
from workflows.payment import PaymentCapture
from workflows.series import AppointmentSeries
from workflows.waiting import WaitlistEntry

Lives = dict[str, WorkflowHandle[Any, Any]]
Scenario = Callable[[Client], Awaitable[Lives]]


async def booked(client: Client) -> Lives:
    """Book with a card, come, be treated; `booked` is the same life before prices waited to be earned."""
    async with Office(client).open() as office:
        await office.book()
        await office.accompanied()
        await office.step("arrival")
        await office.step("check-in")
        await office.step("completion")
        await office.process.result()
        return {"earned": office.process}


async def taken(client: Client) -> Lives:
    """Want a time that is taken."""
    async with Office(client).open() as office:
        await office.book()
        key = uuid7()
        await office.book(appointment_id=key)
        handle = client.get_workflow_handle(ids.appointment(key))
        await handle.result()
        return {"taken": handle}


async def declined(client: Client) -> Lives:
    """Pay with a card that is declined."""
    async with Office(client).open() as office:
        await office.book("pm_card_chargeDeclined")
        await office.process.result()
        return {"declined": office.process}


async def capture_refused(client: Client) -> Lives:
    """Have the capture refused, and then its undo, until a person steps in."""
    async with Office(client).open() as office:
        office.on("capture", refusing(CaptureFailed()))
        office.on("release_payment", refusing(RefundFailed()))
        await office.book()
        await office.until(lambda: office.count("flag") == 1)
        asked = Resolution(actor=office.actor, action="retry")
        await office.process.execute_update(AppointmentBooking.resolve, asked)
        await office.process.result()
        return {"capture_refused": office.process}


async def moved_and_cancelled(client: Client) -> Lives:
    """Move, then cancel late: the fee stays, the rest goes back, the reminders move and stop."""
    async with Office(client).open() as office:
        office.start -= timedelta(days=9)
        await office.book()
        await office.accompanied()
        await office.move(office.start - timedelta(hours=1))
        await office.cancel()
        await office.process.result()
        await office.reminders.result()
        await office.payment().terminate()
        return {"moved": office.process, "payment_settled": office.payment(), "reminders_moved": office.reminders}


async def moved_for_another_price(client: Client) -> Lives:
    """Move to a dearer consultant, and back; then to a cheaper one."""
    async with Office(client).open() as office:
        dearer, cheaper = uuid7(), uuid7()
        office.consultants.prices = {dearer: PRICE + HALF, cheaper: HALF}
        await office.book()
        await office.accompanied()
        await office.move(office.start, consultant_id=dearer)
        await office.move_back()
        await office.until(lambda: office.count("cancel_invoice") == 1)
        await office.move(office.start, consultant_id=cheaper)
        await office.until(lambda: office.count("credit_invoice") == 1)
        await office.cancel()
        await office.process.result()
        return {"moved_for_another_price": office.process}


async def undone_cancellation(client: Client) -> Lives:
    """Cancel late and waive the fee, take it back, and cancel for good."""
    async with Office(client).open() as office:
        office.start -= timedelta(days=10, minutes=-5)
        office.adopted()
        office.till.add(uuid7(), office.appointment_id, HALF, PaymentStatus.captured)
        await office.book(None, adopted=True)
        await office.cancel(undoable=True, waive_fee=True)
        await office.step("cancellation", undo=True)
        await office.cancel(undoable=True)
        await office.pass_time(office.process, timedelta(minutes=11))
        await office.process.result()
        return {"undone_cancellation": office.process}


async def left(client: Client) -> Lives:
    """Walk in, be taken to the consultant, leave without being seen; come back, and leave again."""
    async with Office(client).open() as office:
        office.start -= timedelta(days=10)
        await office.book(None, payment=PaymentChoice(method="at_desk"), walk_in=True)
        await office.step("consultation")
        for undo in (False, True, False):
            await office.step("departure", undo=undo)
        await office.pass_time(office.process, timedelta(hours=12, minutes=1))
        await office.process.result()
        return {"left": office.process}


async def cancelled(client: Client) -> Lives:
    """Adopt an appointment with two payments, and cancel it in time."""
    async with Office(client).open() as office:
        office.adopted()
        office.till.add(uuid7(), office.appointment_id, HALF, PaymentStatus.authorised)
        office.till.add(uuid7(), office.appointment_id, HALF, PaymentStatus.captured)
        await office.book(None, adopted=True)
        await office.cancel()
        await office.process.result()
        return {"cancelled": office.process}


async def no_show(client: Client) -> Lives:
    """Do not come; be seen after all; do not come again."""
    async with Office(client).open() as office:
        office.start -= timedelta(days=10, minutes=-5)
        office.adopted()
        await office.book(None, adopted=True)
        await office.pass_time(office.process, await office.until_visit(timedelta(hours=1)))
        await office.until(lambda: office.row.status == "no_show")
        await office.step("no-show", undo=True)
        await office.pass_time(office.process, timedelta(hours=3))
        await office.until(lambda: office.count("no-show") == 2)
        await office.pass_time(office.process, timedelta(hours=13))
        await office.process.result()
        return {"no_show": office.process}


async def crash(client: Client) -> Lives:
    """Lose the worker while the gateway is asked, and go on with another."""
    office = Office(client)
    office.on("authorise", hanging, hanging)
    async with office.open():
        await office.begin()
        await office.until(lambda: office.count("authorise") == 1)
    office.trouble.clear()
    async with office.open():
        await office.book()
        await office.step("check-in")
        await office.step("completion")
        await office.process.result()
        return {"crash": office.process}


async def given_up(client: Client) -> Lives:
    """Cancel the workflow instead of the appointment."""
    async with Office(client).open() as office:
        await office.book()
        await office.accompanied()
        await office.process.cancel()
        await office.process.result()
        return {"given_up": office.process}


async def payment_refunded(client: Client) -> Lives:
    """Return a payment in two parts."""
    async with Office(client).open() as office:
        payment = office.till.add(uuid7(), None, HALF + HALF, PaymentStatus.captured)
        await office.payment_process(payment.id)
        for _ in range(2):
            asked = RefundRequest(
                actor=office.actor, payment_id=payment.id, refund_id=uuid7(), amount=HALF, reason="goodwill"
            )
            await office.payment(payment.id).execute_update(PaymentCapture.refund, asked)
        await office.payment(payment.id).result()
        return {"payment_refunded": office.payment(payment.id)}


async def kept_card(client: Client) -> Lives:
    """Have the card kept and charged a day before the visit, which then is cancelled."""
    async with Office(client).open() as office:
        office.consultants.policy = PaymentPolicy(kind="full", when="before", hours_before=24)
        await office.book()
        await office.accompanied()
        await office.pass_time(office.payment(), timedelta(days=9, hours=1))
        await office.until(lambda: office.till.kept() > 0 and not office.till.cards)
        await office.cancel()
        await office.process.result()
        await office.payment().result()
        return {"kept_card": office.process, "payment_due": office.payment()}


async def reminders_sent(client: Client) -> Lives:
    """Send what is due, one of them in vain."""
    async with Office(client).open() as office:
        office.on("reminder", for_good)
        await office.book()
        await office.accompanied()
        await office.pass_time(office.reminders, timedelta(days=11))
        await office.reminders.result()
        return {"reminders_sent": office.reminders}


async def dashboard(client: Client) -> Lives:
    """Make the dashboard while one service is silent."""
    clinic, tenant_id = Clinic("Asia/Colombo", silent=frozenset({"payments"})), uuid7()
    async with working(client, [DashboardAggregation], clinic.activities):
        handle = await client.start_workflow(
            DashboardAggregation.run,
            DashboardRequest(tenant_id=tenant_id),
            id=f"{ids.dashboard(tenant_id)}-by-hand",
            task_queue=ids.BOOKINGS,
        )
        await handle.result()
        return {"dashboard": handle}


async def series(client: Client) -> Lives:
    """Book a series with a conflict, resolve it, move the following, cancel all."""
    async with Desk(client).open() as desk:
        desk.occupied(2)
        await desk.book_series(4)
        free = desk.start + timedelta(weeks=1, hours=2)
        asked = Resolving(actor=desk.actor, number=2, start=free)
        await desk.series.execute_update(AppointmentSeries.resolve, asked)
        await desk.move_series(3, "following", desk.start + timedelta(weeks=2, days=7))
        await desk.cancel_series(1, "all")
        await desk.series.result()
        return {"series": desk.series}


async def series_refused(client: Client) -> Lives:
    """Want a series for a patient who cannot be booked."""
    async with Desk(client).open() as desk:
        desk.on("verify_patient", refusing(PatientArchived()))
        await desk.book_series(4)
        await desk.series.result()
        return {"series_refused": desk.series}


async def waiting(client: Client) -> Lives:
    """Be silent, decline, find the time taken, accept; and leave with an offer under way."""
    async with Desk(client).open() as desk:
        key = await desk.wait_for_visit()
        desk.free(6)
        await desk.match()
        await desk.pass_time(desk.entry(key), timedelta(minutes=16))
        await desk.until(lambda: desk.standing(key)[1] == ["lapsed"])
        desk.free(7)
        await desk.match()
        await desk.answer(key, accept=False)
        desk.free(8)
        desk.on("hold", refusing(SlotTaken()))
        await desk.match()
        desk.free(9)
        await desk.match()
        await desk.answer(key, accept=True)
        await desk.entry(key).result()
        leaving = await desk.wait_for_visit()
        desk.free(10)
        await desk.match()
        await desk.entry(leaving).execute_update(WaitlistEntry.leave, Leaving(actor=desk.actor))
        await desk.entry(leaving).result()
        return {"waiting": desk.entry(key), "waiting_left": desk.entry(leaving)}


async def waiting_crash(client: Client) -> Lives:
    """Lose the worker while an accepted offer is booked, and go on with another."""
    desk = Desk(client)
    async with desk.open():
        key = await desk.wait_for_visit()
        desk.free()
        await desk.match()
        desk.on("confirm", hanging)
        answering = asyncio.create_task(desk.answer(key, accept=True))
        await desk.until(lambda: desk.count("confirm") == 1)
        answering.cancel()
    desk.trouble.clear()
    async with desk.open():
        await desk.answer(key, accept=True)
        await desk.entry(key).result()
        return {"waiting_crash": desk.entry(key)}


async def matching(client: Client) -> Lives:
    """Look for free times once."""
    async with Desk(client).open() as desk:
        await desk.wait_for_visit()
        desk.free()
        await desk.match()
        return {"matching": desk.matching}


async def money_check(client: Client) -> Lives:
    """Check the money while one part of the books is silent, and ask a payment to let its money go."""
    tenant_id = uuid7()
    books = Books("invoices")
    async with working(client, [MoneyCheck, PaymentCapture], [*books.activities, BesideActivities(client).settle]):
        asked, key = MoneyCheckRequest(tenant_id=tenant_id), ids.money_check(tenant_id)
        handle = await client.start_workflow(MoneyCheck.run, asked, id=key, task_queue=ids.BOOKINGS)
        await handle.result()
        return {"money_check_visits": handle}


async def absence(client: Client) -> Lives:
    """Deal with a leave: one chooses, one does not, one step fails; another leave is undone."""
    async with Ward(client, Action.MOVE, Action.OFFER, Action.OFFER, Action.CANCEL).open() as ward:
        ward.dead = {ward.steps[0].appointment_id}
        await ward.start()
        await ward.until(AbsenceState.FINISHED)
        await ward.choose(1)
        await ward.pass_time(timedelta(minutes=11))
        await ward.pass_time(timedelta(hours=48))
        await ward.process.result()
    async with Ward(client, Action.MOVE, Action.CANCEL).open() as other:
        await other.start()
        await other.until(AbsenceState.FINISHED)
        await other.steer(Steer.UNDO)
        await other.process.result()
        return {"absence": ward.process, "absence_undone": other.process}


async def gateway_away(client: Client) -> Lives:
    """Book without the gateway: keep the time until it is asked for again, and owe where the policy lets one."""
    away = refusing(GatewayHeldOff(retry_after=20))
    async with Office(client).open() as waits:
        waits.on("authorise", away)
        await waits.book()
        await waits.pass_time(waits.process, timedelta(seconds=21))
        await waits.process.execute_update(AppointmentBooking.pay_again, "first")
        await waits.accompanied()
        await waits.cancel()
        await waits.process.result()
    async with Office(client).open() as owes:
        owes.consultants.policy = PaymentPolicy(kind="full", when_gateway_is_down="due")
        owes.on("authorise", away)
        await owes.book()
        await owes.accompanied()
        await owes.cancel()
        await owes.process.result()
        return {"gateway_waited_for": waits.process, "gateway_owed": owes.process}


SCENARIOS: list[Scenario] = [
    paid_at_a_page, unpaid_at_a_page, gateway_away, booked, taken, declined, capture_refused, moved_and_cancelled,
    moved_for_another_price, undone_cancellation, left, cancelled, no_show, crash, given_up, payment_refunded,
    kept_card, reminders_sent, dashboard, money_check, series, series_refused, waiting, waiting_crash, matching,
    absence, unpaid, recalled, unresolved,
]  # fmt: skip
NAMES = {
    "gateway_waited_for", "gateway_owed", "earned", "paid_at_page", "page_unpaid", "booked", "taken", "declined",
    "capture_refused", "moved", "payment_settled", "reminders_moved", "cancelled", "moved_for_another_price",
    "undone_cancellation", "left", "no_show", "crash", "given_up", "payment_refunded", "reminders_sent",
    "dashboard", "series", "series_refused", "waiting", "waiting_left", "waiting_crash", "matching", "kept_card",
    "payment_due", "money_check_visits", "absence", "absence_undone", "unpaid", "recalled", "payment_unresolved",
}  # fmt: skip

"""The laws of changing one's mind: moving for another price, cancelling for ten minutes, leaving, coming back."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.schemas import Status
from services.consultants.errors import OutsideHours
from services.consultants.schemas import CancellationPolicy
from services.payments.errors import RefundFailed
from services.payments.states import InvoiceStatus, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from tests.workflows.test_visit import NO_SHOW_OPEN, after_grace, soon
from tests.workflows.till import HALF
from tests.workflows.trouble import refusing
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import PaymentChoice, Resolution

WINDOW = timedelta(minutes=10)


async def test_a_cancellation_can_be_undone_while_no_money_moved_and_nobody_was_told(office: Office) -> None:
    await office.book()
    await office.accompanied()
    cancelled = await office.cancel(undoable=True)
    assert cancelled.undo_until
    assert (office.row.status, office.till.kept()) == (Status.CANCELLED, PRICE.amount)
    assert "cancellation" not in {one[0] for one in office.told}
    assert (await office.step("cancellation", undo=True)).refused is None
    assert (office.row.status, office.till.kept()) == (Status.BOOKED, PRICE.amount)
    await office.accompanied(2)
    assert len(await office.reminders.query("upcoming")) == 3


@pytest.mark.parametrize("end", ["cancellation", "no-show", "move"])
async def test_nothing_comes_back_to_a_time_at_which_the_consultant_is_away_by_now(office: Office, end: str) -> None:
    await soon(office)
    ending = {"cancellation": lambda: office.cancel(undoable=True), "no-show": lambda: office.step("no-show")}
    move = partial(office.move, office.row.start + timedelta(days=1), notify=False)
    assert (await ending.get(end, move)()).refused is None
    back = office.move_back if end == "move" else partial(office.step, end, undo=True)
    ended = office.row
    office.on("verify_offer", refusing(OutsideHours()))
    refused = (await back()).refused
    assert (refused and refused.code, office.row) == ("outside_hours", ended)
    assert (await back()).refused is None
    assert office.row.status == Status.BOOKED


async def test_what_was_booked_out_of_hours_comes_back_there(office: Office) -> None:
    await soon(office)
    office.appointments.rows[office.appointment_id] = office.row.model_copy(update={"hours_overridden": True})
    await office.step("arrival")
    await office.cancel(undoable=True)
    office.on("verify_offer", refusing(OutsideHours()))
    assert (await office.step("cancellation", undo=True)).refused is None


async def test_when_the_undo_window_has_passed_the_money_goes_back_and_the_patient_is_told(office: Office) -> None:
    office.consultants.cancellation = CancellationPolicy()
    await soon(office, paid=PRICE)
    await office.cancel(undoable=True)
    await office.pass_time(office.process, WINDOW - timedelta(seconds=1))
    assert office.till.kept() == PRICE.amount
    await office.pass_time(office.process, timedelta(seconds=2))
    await office.process.result()
    assert (office.till.kept(), office.told) == (0, [("cancellation", 1, None)])


async def test_a_cancellation_that_was_not_to_be_undone_is_final(office: Office) -> None:
    await soon(office)
    assert (await office.cancel()).undo_until is None
    await office.process.result()
    assert office.count("undo cancellation") == 0


@pytest.mark.parametrize(
    ("policy", "reason", "kept"),
    [
        (CancellationPolicy(fee=Money(amount=100_000, currency="LKR")), "pat", 100_000),
        (CancellationPolicy(fee=Money(amount=999_000, currency="LKR")), "other", PRICE.amount),
        (CancellationPolicy(fee_percent=50), "prov", 0),
    ],
)
async def test_a_fee_is_an_amount_or_a_share_never_above_the_price_and_never_for_the_clinics_own_reasons(
    office: Office, policy: CancellationPolicy, reason: str, kept: int
) -> None:
    office.consultants.cancellation = policy
    await soon(office, paid=PRICE)
    changed = await office.cancel(reason)
    assert (changed.fee.amount if changed.fee else 0) == kept
    await office.process.result()
    assert office.till.kept() == kept


async def test_a_dearer_consultant_is_invoiced_and_a_cheaper_one_returned_and_a_move_can_be_taken_back(
    office: Office,
) -> None:
    dearer, cheaper = uuid7(), uuid7()
    office.consultants.prices = {dearer: PRICE + HALF, cheaper: HALF}
    await office.book()
    moved = await office.move(office.start, consultant_id=dearer, expected_version=1)
    assert (moved.difference, moved.invoice_id) == (HALF, ids.difference_of(office.appointment_id, 2))
    await office.until(lambda: moved.invoice_id in office.till.invoices)
    back = await office.move_back()
    assert back.appointment
    assert (back.appointment.version, back.appointment.consultant_id) == (3, office.consultant_id)
    await office.until(lambda: office.till.invoices[moved.invoice_id or uuid7()].status == InvoiceStatus.cancelled)
    refused = (await office.move_back()).refused
    assert refused
    assert refused.code == "undo_window_over"
    moved = await office.move(office.start + timedelta(hours=1), consultant_id=cheaper)
    assert moved.difference == Money(amount=-HALF.amount, currency="LKR")
    await office.until(lambda: office.count("credit_invoice") == 1)
    assert office.till.kept() == HALF.amount


async def test_a_move_that_is_taken_back_asks_for_the_room_that_it_left(office: Office) -> None:
    office.consultants.rooms = [uuid7(), uuid7()]
    await office.book()
    assert office.row.room_id == office.consultants.rooms[1]
    await office.move(office.start + timedelta(hours=1))
    assert office.row.room_id == office.consultants.rooms[0]
    await office.move_back()
    assert (office.row.start, office.row.room_id) == (office.start, office.consultants.rooms[1])


async def test_a_difference_that_cannot_be_returned_waits_for_a_person_and_holds_nothing_up(office: Office) -> None:
    cheaper = uuid7()
    office.consultants.prices = {cheaper: HALF}
    await office.book()
    office.on("refund", refusing(RefundFailed()))
    assert (await office.move(office.start, consultant_id=cheaper)).refused is None
    await office.until(lambda: office.row.needs_attention == "price_difference")
    office.till.refunds.clear()
    resolution = Resolution(actor=office.actor, action="retry")
    await office.process.execute_update(AppointmentBooking.resolve, resolution)
    assert (office.till.kept(), office.row.needs_attention) == (HALF.amount, None)


async def test_a_move_that_was_taken_back_was_none(office: Office) -> None:
    office.consultants.cancellation = CancellationPolicy(max_moves=1)
    await office.book()
    for _ in range(2):
        assert (await office.move(office.start + timedelta(days=1))).refused is None
        assert (await office.move_back()).refused is None
    await office.move(office.start + timedelta(days=1))
    refused = (await office.move(office.start + timedelta(days=2))).refused
    assert refused
    assert (refused.code, refused.extra["max_moves"]) == ("moved_too_often", 1)


async def test_a_move_is_refused_by_its_version_and_by_the_policy_unless_somebody_passes_over_it(
    office: Office,
) -> None:
    office.consultants.cancellation = CancellationPolicy(reschedule_until_hours=240, max_moves=1)
    await office.book()
    codes = []
    later = office.start + timedelta(days=1)
    again: dict[str, Any] = {}
    clinics = {"override": True}, {"override": True}, {"held": True}
    for also in ({"expected_version": 2}, again, *clinics, again, again, {"duration_minutes": 45}):
        at = office.row.start if "duration_minutes" in also else later
        changed = await office.move(at, **also)
        codes.append(changed.refused.code if changed.refused else None)
        later += timedelta(days=1)
    assert codes == ["version_conflict", "too_late_to_move", None, None, None, None, "moved_too_often", None]
    assert office.row.end - office.row.start == timedelta(minutes=45)
    await office.move(later, override=True)
    assert office.row.end - office.row.start == timedelta(minutes=45)


async def test_who_walks_in_is_queued_at_once_and_who_leaves_unseen_pays_nothing(office: Office) -> None:
    office.start -= timedelta(days=10)
    outcome = await office.book(None, payment=PaymentChoice(method="at_desk"), walk_in=True, notify=False)
    assert outcome.appointment
    assert outcome.appointment.status == Status.ARRIVED
    office.till.add(
        uuid7(), office.appointment_id, PRICE, PaymentStatus.captured,
        invoice_id=ids.invoice_of(office.appointment_id),
    )  # fmt: skip
    await office.step("departure")
    assert (await office.step("departure", undo=True)).refused is None
    assert (await office.step("consultation")).refused is None
    await office.step("departure")
    await office.pass_time(office.process, NO_SHOW_OPEN)
    await office.process.result()
    assert (office.till.kept(), office.told) == (0, [])


async def test_a_no_show_fee_can_be_waived_after_the_process_has_noted_it(office: Office) -> None:
    await soon(office, paid=PRICE)
    await after_grace(office)
    await office.until(lambda: office.row.status == Status.NO_SHOW)
    assert (await office.step("no-show", waive_fee=True)).fee is None
    assert (await office.step("no-show")).fee is None, "somebody else notes it once more"
    await office.pass_time(office.process, NO_SHOW_OPEN)
    await office.process.result()
    assert office.till.kept() == 0


async def test_a_completion_can_be_undone_until_the_day_is_over(office: Office) -> None:
    await soon(office, paid=PRICE)
    await office.step("check-in")
    assert (await office.step("completion", undoable=True)).undo_until
    assert (await office.step("completion", undo=True)).appointment
    assert office.row.status == Status.CHECKED_IN
    await office.step("completion", undoable=True)
    await office.pass_time(office.process, NO_SHOW_OPEN)
    await office.process.result()
    assert office.till.kept() == PRICE.amount

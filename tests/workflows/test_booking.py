"""The laws of a booking: from the request to the answer, and back to nothing where it fails."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from careconnect.money import Money
from services.appointments.errors import WrongState
from services.appointments.schemas import FreeSlot, Status
from services.consultants.errors import OutsideHours
from services.consultants.schemas import PaymentPolicy
from services.patients.errors import PatientNotFound
from services.payments.errors import CaptureFailed
from services.payments.states import InvoiceStatus, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import ZONE
from tests.workflows.till import HALF
from tests.workflows.trouble import fine, hanging, refusing, silence
from workflows import ids
from workflows.contracts import PaymentChoice

STEPS = ["hold", "authorise", "confirm", "capture"]


def nothing_is_left(office: Office) -> bool:
    return office.row.status == Status.EXPIRED and office.till.kept() == 0


async def test_a_booking_with_a_card_holds_authorises_confirms_and_captures_in_this_order(office: Office) -> None:
    outcome = await office.book()
    assert [call for call in office.calls if call in STEPS] == STEPS
    assert outcome.appointment
    assert outcome.payment
    assert (outcome.appointment.status, outcome.payment.status) == (Status.BOOKED, PaymentStatus.captured)
    assert outcome.invoice_id == ids.invoice_of(office.appointment_id)
    assert [office.start - at for at in outcome.reminders] == [timedelta(hours=hours) for hours in (72, 24, 2)]
    await office.until(lambda: ("booking_confirmation", 1, None) in office.told)


async def test_its_children_carry_the_tenant_and_a_summary(office: Office) -> None:
    await office.book()
    await office.accompanied()
    for handle in (office.reminders, office.payment()):
        described = await handle.describe()
        assert described.typed_search_attributes[ids.TENANT] == str(office.actor.tenant_id)
        assert "CC-TEST" in str(await described.static_summary())


@pytest.mark.parametrize(
    ("policy", "token"),
    [(PaymentPolicy(kind="none"), None), (PaymentPolicy(kind="full", when="desk"), None)],
)
async def test_what_is_paid_later_is_booked_with_an_open_invoice_and_no_payment(
    office: Office, policy: PaymentPolicy, token: str | None
) -> None:
    office.consultants.policy = policy
    outcome = await office.book(token)
    assert (outcome.refused, outcome.payment) == (None, None)
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.issued]
    assert not office.till.payments


async def test_the_desk_may_be_chosen_where_the_policy_takes_cards(office: Office) -> None:
    outcome = await office.book(None, payment=PaymentChoice(method="at_desk"))
    assert (outcome.refused, outcome.payment) == (None, None)


async def test_a_deposit_is_taken_where_the_policy_asks_for_one(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="deposit", deposit=HALF)
    outcome = await office.book()
    assert outcome.payment
    assert outcome.payment.captured == HALF


async def test_a_patient_whom_nobody_knows_is_refused_before_any_time_is_held(office: Office) -> None:
    office.on("verify_patient", refusing(PatientNotFound()))
    outcome = await office.book()
    assert outcome.refused
    assert outcome.refused.code == "patient_not_found"
    assert "hold" not in office.calls


async def test_a_time_that_is_taken_is_refused_with_the_nearest_free_ones(office: Office) -> None:
    await office.book()
    free = FreeSlot(
        consultant_id=office.consultant_id, location_id=office.consultants.location_id, zone=ZONE,
        start=office.start + timedelta(hours=1), end=office.start + timedelta(hours=2),
    )  # fmt: skip
    office.appointments.free = [free]
    second = await office.book(appointment_id=ids.invoice_of(office.appointment_id))
    assert second.refused
    assert second.refused.code == "slot_taken"
    assert [slot["start"] for slot in second.refused.extra["alternatives"]] == [
        free.start.isoformat().replace("+00:00", "Z")
    ]
    assert len(office.till.payments) == 1


async def test_a_visit_that_is_paid_at_booking_is_not_held_without_a_card(office: Office) -> None:
    outcome = await office.book(None)
    assert outcome.refused
    assert outcome.refused.refusal().errors[0].field == "payment"
    assert "hold" not in office.calls


@pytest.mark.parametrize("payment", [[fine], [hanging]])
async def test_hours_are_asked_again_when_it_is_confirmed_and_the_money_goes_back(office: Office, payment: Any) -> None:
    office.on("authorise", *payment)
    office.on("verify_offer", fine, refusing(OutsideHours()))
    outcome = await office.book()
    assert outcome.refused
    assert outcome.refused.code == "outside_hours"
    assert office.count("verify_offer") == 2
    assert "confirm" not in office.calls
    assert nothing_is_left(office)


@pytest.mark.parametrize("trouble", [[refusing(WrongState())], [hanging, hanging]])
async def test_without_free_times_to_name_a_taken_time_is_refused_all_the_same(office: Office, trouble: Any) -> None:
    await office.book()
    office.on("slots", *trouble)
    second = await office.book(appointment_id=ids.invoice_of(office.appointment_id))
    assert second.refused
    assert (second.refused.code, second.refused.extra) == ("slot_taken", {})


async def test_a_declined_card_frees_the_time_and_cancels_the_invoice_the_last_step_first(office: Office) -> None:
    outcome = await office.book("pm_card_chargeDeclined")
    assert outcome.refused
    assert (outcome.refused.code, outcome.refused.extra["decline_code"]) == ("card_declined", "card_declined")
    assert nothing_is_left(office)
    assert [call for call in office.calls if call.startswith("release")] == ["release_payment", "release_time"]
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.cancelled]


async def test_a_capture_that_is_refused_undoes_the_booking(office: Office) -> None:
    office.on("capture", refusing(CaptureFailed()))
    outcome = await office.book()
    assert outcome.refused
    assert outcome.refused.code == "capture_failed"
    assert nothing_is_left(office)


async def test_an_invoice_that_is_refused_undoes_the_booking(office: Office) -> None:
    office.on("issue_invoice", refusing(WrongState()))
    outcome = await office.book(None, payment=PaymentChoice(method="at_desk"))
    assert outcome.refused
    assert nothing_is_left(office)


@pytest.mark.parametrize("step", ["authorise", "capture"])
async def test_a_gateway_that_is_silent_for_longer_than_the_hold_books_nothing(office: Office, step: str) -> None:
    office.on(step, *[silence] * 100)
    outcome = await office.book(hold_seconds=5)
    assert outcome.refused
    assert outcome.refused.code == "gateway_unavailable"
    assert nothing_is_left(office)


async def test_a_lost_connection_is_asked_again_and_charges_once(office: Office) -> None:
    office.on("authorise", silence)
    office.on("capture", silence)
    assert (await office.book()).refused is None
    assert (office.count("authorise"), office.count("capture"), len(office.till.payments)) == (2, 2, 1)


async def test_a_repeated_request_gets_the_first_outcome_even_after_the_end(office: Office) -> None:
    first = await office.book("pm_card_chargeDeclined")
    await office.process.result()
    asked = list(office.calls)
    assert await office.book("pm_card_visa") == first
    assert office.calls == asked


async def test_another_request_under_the_same_key_is_told_by_its_hash(office: Office) -> None:
    await office.book()
    assert (await office.book(request_hash="second")).request_hash == "first"


async def test_a_bug_waits_for_its_mend_and_refunds_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(_: Money) -> bool:
        raise TypeError

    async def break_it() -> None:
        monkeypatch.setattr(Money, "__bool__", bug)

    office.on("capture", break_it)
    await office.begin()
    await office.until(lambda: office.count("verify_patient") > 1)  # the engine asks the workflow again
    assert (office.till.kept(), office.count("release_time"), office.row.status) == (350_000, 0, Status.BOOKED)
    monkeypatch.undo()
    outcome = await office.book()
    assert outcome.refused is None


async def test_a_cancelled_workflow_undoes_what_it_had_begun(office: Office) -> None:
    office.on("authorise", *[silence] * 100)
    await office.begin()
    await office.until(lambda: office.count("authorise") == 1)
    await office.process.cancel()
    outcome = await office.process.result()
    assert outcome.refused
    assert nothing_is_left(office)


async def test_a_workflow_that_is_cancelled_later_cancels_its_appointment_and_returns_the_money(office: Office) -> None:
    await office.book()
    await office.process.cancel()
    await office.process.result()
    assert (office.row.status, office.row.cancellation_reason, office.till.kept()) == (Status.CANCELLED, "other", 0)


async def test_an_appointment_from_before_is_accompanied_with_its_own_terms(office: Office) -> None:
    office.adopted()
    outcome = await office.book(None, adopted=True)
    assert outcome.appointment == office.row
    assert len(outcome.reminders) == 3
    assert "hold" not in office.calls
    assert not office.told


async def test_an_appointment_from_before_whose_visit_type_is_gone_can_still_be_cancelled(office: Office) -> None:
    office.adopted()
    office.consultants.gone = True
    assert (await office.book(None, adopted=True)).offer is None
    assert (await office.cancel()).refused is None
    await office.process.result()


async def test_an_appointment_that_has_ended_is_not_adopted(office: Office) -> None:
    office.adopted()
    office.appointments.rows[office.appointment_id] = office.row.model_copy(update={"status": Status.FULFILLED})
    outcome = await office.book(None, adopted=True)
    assert outcome.refused
    assert outcome.refused.code == "wrong_state"
    described = await office.process.describe()
    await office.process.result()
    assert described.status in {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED}

"""Whatever is taken, returned, let go, discounted, credited, claimed or cancelled, in any order: laws 4 to 6 hold."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.payments import PaymentActivities
from careconnect import clock
from careconnect.errors import Refusal
from careconnect.ids import uuid7
from careconnect.money import Money
from operations.verify.__main__ import verify
from services.appointments.schemas import Appointment, Cancellation, Status
from services.payments.insurance.schemas import (
    Acceptance,
    CoverageWrite,
    PayerPayment,
    PayerWrite,
    Rejection,
    Submission,
)
from services.payments.schemas import (
    CaptureWrite,
    CreditWrite,
    DiscountWrite,
    InvoiceWrite,
    LinkWrite,
    PaymentWrite,
    RefundWrite,
    ReleaseWrite,
)
from tests.operations.verify.clinic import PRICE, Clinic
from tests.operations.verify.instance import Instance
from workflows.contracts import MoneyTarget

VERBS = (
    "card", "flaky", "decline", "cash", "overpay", "spend", "capture", "void", "refund", "release", "discount",
    "credit", "uncover", "cancel", "submit", "accept", "reject", "pay",
    "link", "pay link", "leave", "no show", "complete",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 1), st.integers(1, 150)), min_size=5, max_size=30)
CARDS = {"card": "pm_card_visa", "flaky": "pm_sandbox_flaky", "decline": "pm_card_chargeDeclined"}
TERMS: tuple[dict[str, Any], ...] = ({"rate": 6667}, {"amount": {"amount": 70, "currency": "LKR"}})
DESK = {"cash": "cash", "overpay": "bank_transfer", "spend": "patient_credit"}


def rupees(amount: int) -> Money:
    return Money(amount=amount, currency="LKR")


class Story:
    """One patient with two taxed invoices of 100 and a little more, each covered in part, and what is paid of them.

    Beside them two visits, to be paid by link: one far away, and one so soon that half is kept when it is cancelled.
    """

    begun = 0

    def __init__(self, clinic: Clinic) -> None:
        self.clinic, self.till, self.actor = clinic, clinic.payments, clinic.actor
        self.invoices, self.claims = [uuid7(), uuid7()], [uuid7(), uuid7()]
        self.payments: list[Any] = []
        self.visits: list[Appointment] = []

    async def begin(self) -> None:
        """Issue the invoices."""
        patient, payer = uuid7(), uuid7()
        named = PayerWrite(name="Payer", code=payer.hex[-12:])
        await self.clinic.insurance.enter_payer(self.actor, payer, named)
        for key, inclusive, terms in zip(self.invoices, (True, False), TERMS, strict=True):
            said = {"patient_id": patient, "payer_id": payer, "policy_number": "1"} | terms
            coverage = CoverageWrite.model_validate(said)
            await self.clinic.insurance.enter_coverage(self.actor, key, coverage)
            tax = {"name": "VAT", "rate": 1775, "inclusive": inclusive}
            lines = [{"description": "Visit", "unit": rupees(60), "tax": tax}, {"description": "X", "unit": rupees(40)}]
            wanted = InvoiceWrite.model_validate({"patient_id": patient, "lines": lines, "coverage_id": key})
            await self.till.issue_invoice(self.actor, key, wanted)
        Story.begun += 1  # all stories are of one consultant, so each has minutes of its own
        for number, ahead in enumerate((timedelta(days=9), timedelta(hours=1))):
            start = clock.now() + ahead + timedelta(minutes=6 * Story.begun)
            self.visits.append(await self.clinic.appointment(start, number, minutes=5))

    async def step(self, verb: str, which: int, amount: int) -> None:
        """Do one thing; it may be refused."""
        with suppress(Refusal):
            await self._do(verb, which, rupees(amount))

    async def _do(self, verb: str, which: int, amount: Money) -> None:
        invoice, latest = self.invoices[which], self.payments[-1 - which] if len(self.payments) > which else uuid7()
        match verb:
            case "capture":
                await self.till.capture(self.actor, latest, CaptureWrite(amount=amount))
            case "void":
                await self.till.void(self.actor, latest)
            case "refund":
                await self.till.refund(self.actor, latest, uuid7(), RefundWrite(amount=amount, reason="goodwill"))
            case "release":
                await self.till.release(self.actor, latest, ReleaseWrite(reason="pat", cancel_invoice=which == 0))
            case "discount":
                how = {"percent": amount.amount % 100 + 1} if which else {"amount": amount}
                wanted = DiscountWrite.model_validate({"reason": "staff"} | how)
                await self.till.discount(self.actor, invoice, uuid7(), wanted)
            case "credit" | "uncover":
                said = CreditWrite(amount=amount, reason="pat", uncover=verb == "uncover")
                await self.till.credit_invoice(self.actor, invoice, uuid7(), said)
            case "cancel":
                await self.till.cancel_invoice(self.actor, invoice, "pat")
            case "submit" | "accept" | "reject" | "pay":
                await self._claim(verb, which, amount)
            case "link" | "pay link" | "leave" | "no show" | "complete":
                await self._visit(verb, self.visits[which], keep=which == 1)
            case _:
                await self._pay(verb, invoice, amount)

    async def _visit(self, verb: str, visit: Appointment, *, keep: bool) -> None:
        if verb == "link":
            await self._offer(visit)
        elif verb == "pay link":
            await self.till.pay_sandbox_checkout(self.actor, visit.id, CARDS["card"])
        else:
            await self._end(verb, visit, keep=keep)

    async def _offer(self, visit: Appointment) -> None:
        """Have a visit's invoice, and a link for it, under the visit's own id; there is none for one that has ended."""
        known = await self.clinic.appointments.standing(self.actor, visit.id)
        if known.status == Status.BOOKED:
            lines = [{"description": "Visit", "unit": PRICE}]
            said = {"patient_id": visit.patient_id, "appointment_id": visit.id, "lines": lines}
            await self.till.issue_invoice(self.actor, visit.id, InvoiceWrite.model_validate(said))
            await self.till.offer_link(self.actor, visit.id, LinkWrite(invoice_id=visit.id))

    async def _end(self, verb: str, visit: Appointment, *, keep: bool) -> None:
        """End a visit, and settle its money as its process does: above the fee it goes back, and nothing stays owed."""
        if verb == "complete":
            for step in ("arrival", "completion"):
                await self.clinic.appointments.change(self.actor, visit.id, step)
            return
        if verb == "no show":
            await self.clinic.appointments.change(self.actor, visit.id, "no-show")
            return
        await self.clinic.appointments.cancel(self.actor, visit.id, Cancellation(reason="pat"))
        for payment in (await self.till.for_appointment(self.actor, visit.id)).payments:
            await self.clinic.refund(payment.id, payment.captured - PRICE.percent(50 if keep else 0))
        asked = MoneyTarget(actor=self.actor, appointment_id=visit.id, reason="pat")
        await PaymentActivities(self.till).close_invoices(asked)

    async def end(self) -> None:
        """Let go back what came too late."""
        for late in (await self.till.finish_events(self.actor)).return_payments:
            await self.till.release(self.actor, late, ReleaseWrite(reason="pat"))

    async def _claim(self, verb: str, which: int, amount: Money) -> None:
        rest: Any = ("patient", "write_off", "resubmit")[amount.amount % 3]
        asked: Any = {
            "submit": Submission(),
            "accept": Acceptance(amount=amount, rest="patient" if rest == "resubmit" else rest),
            "reject": Rejection(reason="not covered", rest=rest),
            "pay": PayerPayment(amount=amount),
        }[verb]
        claim = self.claims[which]
        if verb == "submit":
            await self.clinic.insurance.draft_claim(self.actor, claim, self.invoices[which])
        await self.clinic.insurance.take_step(self.actor, claim, uuid7(), asked)

    async def _pay(self, verb: str, invoice: Any, amount: Money) -> None:
        said = {"invoice_id": invoice, "method": DESK.get(verb, "card"), "token": CARDS.get(verb), "amount": amount}
        wanted = PaymentWrite.model_validate(said | ({"surplus": "credit"} if verb == "overpay" else {}))
        self.payments.append(uuid7())
        for _ in range(2):  # as a caller does whose first answer was lost
            await self.till.authorise(self.actor, self.payments[-1], wanted)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_any_sequence_keeps_the_laws_of_money(
    clinic: Clinic, instance: Instance, steps: list[tuple[str, int, int]]
) -> None:
    """Each story is one more patient of the same clinic, whose books are then examined whole."""
    story = Story(clinic)
    await story.begin()
    for step in steps:
        await story.step(*step)
    await story.end()
    verdicts = await verify(instance.settings, 0, {4, 5, 6})
    assert [one.unreadable for one in verdicts] == [None, None, None]
    assert [one.finding.violations for one in verdicts] == [[], [], []]


async def test_the_visits_of_a_story_are_paid_by_their_links_and_left_with_what_their_policy_says(
    clinic: Clinic, instance: Instance
) -> None:
    """Else the story would tell nothing of law 4: a step that is refused is passed over."""
    story = Story(clinic)
    await story.begin()
    for verb in ("link", "pay link", "leave"):
        for which in (0, 1):
            await story.step(verb, which, 1)
    kept = []
    for visit in story.visits:
        (payment,) = (await clinic.payments.for_appointment(clinic.actor, visit.id)).payments
        kept.append(payment.captured - payment.refunded)
    assert kept == [rupees(0), PRICE.percent(50)]
    assert await instance.violations(4) == []

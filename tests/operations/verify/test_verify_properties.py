"""Whatever is taken, returned, let go, discounted, credited, claimed or cancelled, in any order: laws 4 to 6 hold."""

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careconnect.errors import Refusal
from careconnect.ids import uuid7
from careconnect.money import Money
from operations.verify.__main__ import verify
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
    PaymentWrite,
    RefundWrite,
    ReleaseWrite,
)
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance

VERBS = (
    "card", "flaky", "decline", "cash", "overpay", "spend", "capture", "void", "refund", "release", "discount",
    "credit", "uncover", "cancel", "submit", "accept", "reject", "pay",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 1), st.integers(1, 150)), min_size=5, max_size=30)
CARDS = {"card": "pm_card_visa", "flaky": "pm_sandbox_flaky", "decline": "pm_card_chargeDeclined"}
TERMS: tuple[dict[str, Any], ...] = ({"rate": 6667}, {"amount": {"amount": 70, "currency": "LKR"}})
DESK = {"cash": "cash", "overpay": "bank_transfer", "spend": "patient_credit"}


def rupees(amount: int) -> Money:
    return Money(amount=amount, currency="LKR")


class Story:
    """One patient with two taxed invoices of 100 and a little more, each covered in part, and what is paid of them."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic, self.till, self.actor = clinic, clinic.payments, clinic.actor
        self.invoices, self.claims = [uuid7(), uuid7()], [uuid7(), uuid7()]
        self.payments: list[Any] = []

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
            case _:
                await self._pay(verb, invoice, amount)

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
    max_examples=12,
    deadline=None,
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
    verdicts = await verify(instance.settings, 0, {4, 5, 6})
    assert [one.unreadable for one in verdicts] == [None, None, None]
    assert [one.finding.violations for one in verdicts] == [[], [], []]

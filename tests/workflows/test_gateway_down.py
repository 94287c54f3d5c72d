"""When the card gateway is away: who may owe is booked, the others keep the time and are asked to come again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from activities.breaker import REST, THRESHOLD, Breakers
from activities.breaker import held_off as held_off_gateways
from activities.payments import PaymentActivities
from careconnect import clock
from careconnect.errors import Unavailable
from careconnect.ids import uuid7
from services.appointments.schemas import Status
from services.consultants.schemas import PaymentPolicy
from services.payments.errors import CardDeclined, GatewayHeldOff, GatewayUnavailable, GatewayUnknown
from services.payments.states import InvoiceStatus, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.trouble import refusing
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import (
    AuthoriseRequest,
    BookingOutcome,
    CaptureRequest,
    CardRequest,
    PageRequest,
    PageStanding,
    PaymentRelease,
    PaymentTarget,
    RefundRequest,
    RenewalRequest,
)

AWAY = refusing(GatewayHeldOff(retry_after=20))


async def _again(office: Office) -> BookingOutcome:
    return await office.process.execute_update(AppointmentBooking.pay_again, "first")


async def test_a_policy_that_allows_it_books_with_the_payment_due_and_no_late_try_takes_it(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="full", when_gateway_is_down="due")
    office.on("authorise", AWAY)
    outcome = await office.book()
    assert (outcome.refused, outcome.payment, office.row.status) == (None, None, Status.BOOKED)
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.issued]
    await office.until(lambda: ids.payment_of(office.appointment_id) in office.till.released)


async def test_others_are_told_when_to_come_again_and_then_get_the_time_that_was_held_for_them(office: Office) -> None:
    office.on("authorise", AWAY)
    first = await office.book()
    assert first.refused
    assert (first.refused.code, first.refused.status, first.refused.extra["retry_after"]) == (
        "gateway_unavailable",
        503,
        20,
    )
    assert first.refused.extra["held_until"] > clock.now().isoformat()
    assert office.row.status == Status.HELD
    early = await _again(office)
    assert early == first
    assert office.count("authorise") == 1
    await office.pass_time(office.process, timedelta(seconds=21))
    second = await _again(office)
    assert second.refused is None
    assert second.payment
    assert (second.payment.status, office.row.status) == (PaymentStatus.captured, Status.BOOKED)
    assert await office.book() == first, "the first answer to the same update stays; the edge asks again beyond it"


async def test_a_time_that_nobody_asks_for_again_is_free_after_the_hold_and_no_money_is_kept(office: Office) -> None:
    office.on("authorise", AWAY)
    await office.book()
    await office.pass_time(office.process, timedelta(seconds=600))
    outcome = await office.process.result()
    assert outcome.refused
    assert outcome.retry_at is None
    assert (office.row.status, office.till.kept()) == (Status.EXPIRED, 0)


async def test_a_gateway_that_fails_again_and_again_is_left_alone_and_one_success_lets_everybody_through(
    office: Office,
) -> None:
    money: PaymentActivities = office._any(PaymentActivities, office.till)  # noqa: SLF001 - the office's own services
    request = office.request()
    wanted = AuthoriseRequest(
        actor=office.actor,
        payment_id=ids.payment_of(request.appointment_id),
        amount=office.consultants.price,
        invoice_id=ids.invoice_of(office.appointment_id),
        token="pm_card_visa",
    )
    office.on("authorise", refusing(CardDeclined()), refusing(Unavailable()))
    assert (await money.authorise(wanted)).refused, "a declined card is an answer of a gateway that works"
    with pytest.raises(Unavailable):
        await money.authorise(wanted)  # our own service was away, which says nothing of the gateway
    with time_machine.travel(clock.now(), tick=False) as moment:
        office.on("authorise", *[refusing(GatewayUnavailable()), refusing(GatewayUnknown())] * THRESHOLD)
        for _ in range(THRESHOLD):
            with pytest.raises(Unavailable):
                await money.authorise(wanted)
        asked = office.count("authorise")
        held_off = (await money.authorise(wanted)).refused
        assert held_off
        assert (held_off.code, held_off.extra["retry_after"]) == ("gateway_unavailable", REST.total_seconds())
        assert office.count("authorise") == asked
        assert held_off_gateways() == [f"sandbox of {office.actor.tenant_id}"]
        moment.shift(REST + timedelta(seconds=1))
        with pytest.raises(Unavailable):
            await money.authorise(wanted)  # one try, and it failed: the next rest begins
        moment.shift(REST + timedelta(seconds=1))
        office.trouble.clear()
        office.on("authorise", refusing(CardDeclined()))
        assert (await money.authorise(wanted)).refused
    assert [one.state for one in office.till.standings] == ["open", "open", "closed"]
    assert office.till.standings[0].reason == GatewayUnavailable.code


async def test_a_payment_is_held_off_by_the_gateway_that_it_goes_through_and_by_no_other(office: Office) -> None:
    money: PaymentActivities = office._any(PaymentActivities, office.till)  # noqa: SLF001 - the office's own services
    here, elsewhere, card = (
        AuthoriseRequest(
            actor=office.actor, payment_id=uuid7(), amount=office.consultants.price, invoice_id=uuid7(), **means
        )
        for means in ({"token": "pm_card_visa"}, {"token": "pm_card_visa"}, {"card_id": uuid7()})
    )  # fmt: skip
    office.till.pinned = {elsewhere.payment_id: "stripe", card.payment_id: "stripe"}
    office.on("authorise", *[refusing(GatewayUnavailable())] * THRESHOLD)
    for _ in range(THRESHOLD):
        with pytest.raises(Unavailable):
            await money.authorise(here)
    assert (await money.authorise(here)).refused, "the active gateway is left alone"
    office.trouble.clear()
    office.on("authorise", *[refusing(GatewayUnavailable())] * THRESHOLD)
    for _ in range(THRESHOLD):
        with pytest.raises(Unavailable) as away:
            await money.authorise(elsewhere)
        assert not isinstance(away.value, GatewayHeldOff), "this one goes through another, which was asked"
    asked = office.count("authorise")
    with pytest.raises(GatewayHeldOff):
        await money.authorise(card)
    assert office.count("authorise") == asked
    assert sorted(held_off_gateways()) == [f"{name} of {office.actor.tenant_id}" for name in ("sandbox", "stripe")]


async def test_pages_kept_cards_and_captures_are_held_off_by_their_own_gateway_too(office: Office) -> None:
    money: PaymentActivities = office._any(PaymentActivities, office.till)  # noqa: SLF001 - the office's own services
    here, page, card, taken = (uuid7() for _ in range(4))
    price, who = office.consultants.price, office.actor
    office.till.pinned = dict.fromkeys((page, card, taken), "stripe")
    office.till.add(taken, None, price, PaymentStatus.authorised)
    wanted = AuthoriseRequest(actor=who, payment_id=here, amount=price, invoice_id=uuid7(), token="pm_card_visa")
    office.on("authorise", *[refusing(GatewayUnavailable())] * THRESHOLD)
    for _ in range(THRESHOLD):
        with pytest.raises(Unavailable):
            await money.authorise(wanted)
    assert (await money.authorise(wanted)).refused, "the active gateway is left alone"
    asked = PageRequest(actor=who, payment_id=page, invoice_id=uuid7(), amount=price)
    assert await money.open_page(asked) == PageStanding(gateway="stripe")
    assert await money.look_at_page(PaymentTarget(actor=who, payment_id=page)) == PageStanding()
    kept = await money.keep_card(CardRequest(actor=who, card_id=card, patient_id=uuid7(), token="pm_card_visa"))
    assert kept.refused is None
    found = await money.capture(CaptureRequest(actor=who, payment_id=taken))
    assert found.payment
    assert found.payment.status == PaymentStatus.captured
    assert [one for one in held_off_gateways() if one.endswith(str(who.tenant_id))] == [f"sandbox of {who.tenant_id}"]


async def test_a_booking_takes_its_money_by_the_breaker_of_its_own_gateway_and_asks_nobody_which_that_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    async def call(_self: Breakers, _tenant: UUID, step: Any, gateway: str | None = None) -> Any:
        asked.append(gateway)
        return await step()

    monkeypatch.setattr(Breakers, "call", call)
    office.till.pinned = {ids.payment_of(office.appointment_id): "stripe"}
    outcome = await office.book()
    assert outcome.payment
    assert outcome.payment.status == PaymentStatus.captured
    assert asked == [None, "stripe"], "a new card goes where new cards go; what it reserved is taken there"
    assert office.count("gateway_of") == 0


@pytest.mark.parametrize("when_down", ["refuse", "due"])
async def test_a_card_that_cannot_be_kept_now_is_kept_when_asked_again_or_the_visit_is_owed(
    office: Office, when_down: str
) -> None:
    office.consultants.policy = PaymentPolicy.model_validate(
        {"kind": "full", "when": "before", "hours_before": 24, "when_gateway_is_down": when_down}
    )
    office.on("keep_card", AWAY)
    first = await office.book()
    if when_down == "due":
        assert (first.refused, office.row.status, office.till.cards) == (None, Status.BOOKED, {})
        assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.issued]
        return
    assert first.refused
    assert (first.refused.code, first.refused.extra["retry_after"]) == ("gateway_unavailable", 20)
    assert office.row.status == Status.HELD
    await office.pass_time(office.process, timedelta(seconds=21))
    assert (await _again(office)).refused is None
    assert (office.row.status, list(office.till.cards.values())) == (Status.BOOKED, ["pm_card_visa"])


async def test_every_call_to_a_gateway_that_is_left_alone_is_spared_it_and_the_desk_is_not(office: Office) -> None:
    money: PaymentActivities = office._any(PaymentActivities, office.till)  # noqa: SLF001 - the office's own services
    kept, desk, unknown = (uuid7() for _ in range(3))
    price, who = office.consultants.price, office.actor
    office.till.add(kept, None, price, PaymentStatus.captured)
    office.till.add(desk, None, price, PaymentStatus.captured)
    office.till.payments[desk] = office.till.payments[desk].model_copy(update={"gateway": "desk"})
    office.on("renew", *[refusing(GatewayUnavailable())] * THRESHOLD)
    for turn in range(THRESHOLD):
        with pytest.raises(Unavailable):
            await money.renew(RenewalRequest(actor=who, payment_id=kept, turn=turn))
    refund = RefundRequest(actor=who, payment_id=kept, refund_id=uuid7(), reason="pat")
    release = PaymentRelease(actor=who, payment_id=kept, reason="pat")
    for step, asked in (
        (money.renew, RenewalRequest(actor=who, payment_id=kept)), (money.refund, refund), (money.release, release),
        (money.void, release), (money.capture, CaptureRequest(actor=who, payment_id=kept)),
    ):  # fmt: skip
        with pytest.raises(GatewayHeldOff):
            await step(asked)
    card = await money.keep_card(CardRequest(actor=who, card_id=uuid7(), patient_id=uuid7(), token="pm_card_visa"))
    assert card.refused
    assert card.refused.status == GatewayUnavailable.status
    assert {name: office.count(name) for name in ("refund", "void", "capture", "keep_card")} == {
        "refund": 0, "void": 0, "capture": 0, "keep_card": 0
    }  # fmt: skip
    assert office.count("release_payment") == 0
    await money.release(release.model_copy(update={"payment_id": unknown}))
    await money.refund(refund.model_copy(update={"payment_id": desk}))
    assert office.till.payments[desk].refunded == price


async def test_a_payment_that_the_gateway_may_know_of_is_asked_for_and_never_given_up(office: Office) -> None:
    await office.book()
    money: PaymentActivities = office._any(PaymentActivities, office.till)  # noqa: SLF001 - the office's own services
    wanted = AuthoriseRequest(
        actor=office.actor,
        payment_id=ids.payment_of(office.appointment_id),
        amount=office.consultants.price,
        invoice_id=ids.invoice_of(office.appointment_id),
        token="pm_card_visa",
    )
    office.on("authorise", AWAY)
    with pytest.raises(GatewayHeldOff):
        await money.authorise(wanted)

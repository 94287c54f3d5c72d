"""The typed client: every method, and refusals that come back as their classes."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Unavailable
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.client import PaymentsClient
from services.payments.errors import CardDeclined, GatewayUnavailable, PaymentNotFound, SignatureInvalid
from services.payments.gateways import signatures
from services.payments.schemas import (
    CaptureWrite,
    DeliveryWrite,
    InvoiceWrite,
    LineWrite,
    NewInvoice,
    PaymentWrite,
    RefundWrite,
    ReleaseWrite,
)
from services.payments.states import InvoiceStatus, Method, PaymentStatus
from tests.services.payments.conftest import SCOPES

PRICE = Money(amount=5_000, currency="LKR")
LINES = [LineWrite(description="Consultation", unit=PRICE)]


@pytest.fixture
def client(connect: Callable[[type[PaymentsClient]], PaymentsClient]) -> PaymentsClient:
    """Connect to the service."""
    return connect(PaymentsClient)


@pytest.fixture
def clerk(actor: Callable[..., Actor]) -> Actor:
    """Name somebody with all rights."""
    return actor(*SCOPES)


def _payment(card: str = "pm_card_visa") -> PaymentWrite:
    invoice = NewInvoice(id=uuid7(), patient_id=uuid7(), appointment_id=uuid7(), lines=LINES)
    return PaymentWrite(invoice=invoice, method=Method.card, token=card, amount=PRICE)


async def _paid(client: PaymentsClient, clerk: Actor) -> tuple[UUID, UUID]:
    payment_id = uuid7()
    await client.authorise(clerk, payment_id, _payment())
    payment = await client.capture(clerk, payment_id, CaptureWrite(amount=PRICE))
    assert payment.invoice_id is not None
    return payment_id, payment.invoice_id


async def test_money_goes_in_and_out_through_the_client(client: PaymentsClient, clerk: Actor) -> None:
    payment_id, invoice_id = await _paid(client, clerk)
    assert (await client.get_invoice(clerk, invoice_id)).status is InvoiceStatus.balanced
    refund = await client.refund(clerk, payment_id, uuid7(), RefundWrite(reason="asked for"))
    assert await client.get_refund(clerk, payment_id, refund.id) == refund
    assert await client.list_refunds(clerk, payment_id) == [refund]
    assert (await client.cancel_invoice(clerk, invoice_id, "pat")).status is InvoiceStatus.cancelled
    assert {row.balance.amount for row in await client.balances(clerk)} == {0}
    voided = await client.void(clerk, uuid7())
    assert voided.status is PaymentStatus.voided
    assert (await client.release(clerk, voided.id, ReleaseWrite(reason="pat"))).id == voided.id


async def test_the_client_reads_what_the_service_keeps(client: PaymentsClient, clerk: Actor) -> None:
    payment_id, invoice_id = await _paid(client, clerk)
    other = await client.issue_invoice(clerk, uuid7(), InvoiceWrite(patient_id=uuid7(), lines=LINES))
    payment = await client.get_payment(clerk, payment_id)
    assert (await client.list_payments(clerk, status=PaymentStatus.captured, limit=1)).items == [payment]
    assert [one.id for one in (await client.list_invoices(clerk, count=True)).items] == [other.id, invoice_id]
    assert payment.appointment_id is not None
    assert (await client.for_appointment(clerk, payment.appointment_id)).payments == [payment]
    assert (await client.summary(clerk)).paid.amount == PRICE
    since, until = clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)
    assert (await client.figures(clerk, since=since, until=until, zone="Asia/Colombo")).revenue == PRICE.amount
    (charge,) = (await client.gateway_charges(clerk)).items
    assert (charge.reference, charge.captured) == (payment_id, PRICE)
    assert (await client.deliver_events(clerk, DeliveryWrite())).answers == {200: 2}


async def test_the_client_finds_an_invoice_by_its_number(client: PaymentsClient, clerk: Actor) -> None:
    made = [await client.issue_invoice(clerk, uuid7(), InvoiceWrite(patient_id=uuid7(), lines=LINES)) for _ in range(2)]
    assert (await client.list_invoices(clerk, number=made[0].number)).items == [made[0]]


async def test_refusals_come_back_as_their_classes(client: PaymentsClient, clerk: Actor) -> None:
    with pytest.raises(CardDeclined) as declined:
        await client.authorise(clerk, uuid7(), _payment("pm_card_chargeDeclinedExpiredCard"))
    assert declined.value.extra["decline_code"] == "expired_card"
    with pytest.raises(PaymentNotFound):
        await client.get_payment(clerk, uuid7())
    with pytest.raises(GatewayUnavailable) as down:
        await client.authorise(clerk, uuid7(), _payment("pm_sandbox_down"))
    assert isinstance(down.value, Unavailable)
    assert down.value.extra["retry_after"] > 50


async def test_the_client_hands_on_an_event_as_it_came(
    client: PaymentsClient, clerk: Actor, apps: Callable[[str], Any]
) -> None:
    secret = apps("payments").state.gateways.sandbox_secrets[0]
    said = {"id": "evt_1", "type": "charge.captured", "account": str(clerk.tenant_id), "created": 1}
    body = json.dumps(said | {"data": {"reference": str(uuid7())}}).encode()
    receipt = await client.webhook("sandbox", body, signatures.sign(secret, body, clock.now()))
    assert receipt.outcome == "unmatched"
    with pytest.raises(SignatureInvalid):
        await client.webhook("sandbox", body, "t=1,v1=00")


async def test_the_client_heals_a_dropped_connection_by_itself(client: PaymentsClient, clerk: Actor) -> None:
    payment = await client.authorise(clerk, uuid7(), _payment("pm_sandbox_flaky"))
    assert payment.status is PaymentStatus.authorised
    assert len((await client.gateway_charges(clerk)).items) == 1

"""Cards for later: the gateway keeps them, and here stands only what it calls them."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from careconnect.errors import IdempotencyConflict
from services.payments import repository, schemas, wire
from services.payments.collection.till import Till
from services.payments.errors import CardNotKept
from services.payments.models import KeptCard
from services.payments.schemas import CardWrite
from services.payments.states import PaymentStatus


async def keep(till: Till, card_id: UUID, wanted: CardWrite) -> bool:
    """Have a card kept under an id of the caller's; false if just this one was kept before.

    Raises:
        CardDeclined: the bank does not let it be kept.
        CardNotKept: it was forgotten since.
        IdempotencyConflict: the id stands for another card.
    """
    async with till.read() as session:
        known = await repository.find_card(session, card_id)
    if known:
        return _known(known, wanted)
    gateway = await till.route(card_id)
    name = await gateway.keep(card_id, wanted.token, f"{card_id}:keep:1")
    keys = await till.keys()
    try:
        async with till.write() as session:
            row = KeptCard(
                id=card_id,
                patient_id=wanted.patient_id,
                gateway=gateway.name,
                name=keys.seal(name),
                request_hash=wanted.fingerprint(),
                forgotten_at=None,
            )
            session.add(row)
            session.record("card.kept", "kept_card", card_id, data={"gateway": gateway.name})
    except IntegrityError:
        return await keep(till, card_id, wanted)  # somebody else has just kept it
    return True


def _known(row: KeptCard, wanted: CardWrite) -> bool:
    if row.request_hash != wanted.fingerprint():
        raise IdempotencyConflict
    if row.forgotten_at:
        raise CardNotKept
    return False


async def named(till: Till, card_id: UUID) -> tuple[str, str]:
    """Give the gateway that keeps a card, and what it calls the card there.

    Raises:
        CardNotKept: there is none, or it was forgotten.
    """
    async with till.read() as session:
        row = await repository.find_card(session, card_id)
    if row is None or row.name is None:
        raise CardNotKept
    name: str = (await till.keys()).open(row.name)
    return row.gateway, name


async def forget(till: Till, card_id: UUID) -> None:
    """Charge it no more; harmless when repeated, and when it was never kept."""
    async with till.write() as session:
        row = await repository.find_card(session, card_id, lock=True)
        if row and row.forget():
            session.record("card.forgotten", "kept_card", card_id)


async def renew(till: Till, payment_id: UUID, turn: int) -> schemas.Payment:
    """Reserve an authorised payment's money anew; where the bank says no, the payment is let go."""
    async with till.read() as session:
        payment = await repository.payment(session, payment_id)
    if payment.status == PaymentStatus.authorised:
        gateway = await till.gateway(payment.gateway)
        charge = await gateway.renew(payment_id, f"{payment_id}:renew:{turn}")
        if charge.status == "voided":
            async with till.write() as session:
                payment, invoice = await repository.lock_payment(session, payment_id)
                if payment.void(invoice):
                    session.record("payment.lapsed", "payment", payment_id, data=payment.facts())
            return wire.payment(payment, invoice)
        if charge.id != payment.gateway_reference:
            async with till.write() as session:
                payment, invoice = await repository.lock_payment(session, payment_id)
                payment.gateway_reference = charge.id
                session.record("payment.renewed", "payment", payment_id, data=payment.facts())
            return wire.payment(payment, invoice)
    return wire.listed(payment)

"""What this service asks of a card gateway. An adapter for another gateway implements this and nothing else.

Every call names our own id as `reference` and carries an idempotency key, so the same call twice is one effect, and the
outcome of a call that broke can be asked for. Every adapter raises the same refusals:

    GatewayUnavailable: it does not answer; nothing happened.
    GatewayUnknown: the connection broke after sending; the same call finds out, by asking.
    GatewayKeysRefused: it does not know us; nothing happened.
    IdempotencyConflict: the key was used with another request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from careconnect.money import Money
from services.payments.schemas import GatewayCharge, GatewayRefund


@dataclass(frozen=True)
class Order:
    """What to authorise: `amount` on the card that `token` names, under our `reference`."""

    reference: UUID
    amount: Money
    token: str


@dataclass(frozen=True)
class LinkOrder:
    """What to have paid at the gateway's own page, until when, and where the payer goes next (empty: stays there)."""

    reference: UUID
    amount: Money
    description: str
    expires_at: datetime
    return_url: str


@dataclass(frozen=True)
class Event:
    """Something that the gateway says happened to the charge with our `reference`; None if it is not about one of ours.

    It is only a reason to look: what counts is what the gateway answers when it is asked about the charge.
    """

    id: str
    type: str
    tenant_id: UUID
    reference: UUID | None


@dataclass(frozen=True)
class Charges:
    """One page of the gateway's own list, in the gateway's own order; `next_cursor` is None on the last."""

    items: Sequence[GatewayCharge]
    next_cursor: str | None


class Gateway(Protocol):
    """A card gateway, as one tenant of ours speaks with it."""

    name: str

    async def authorise(self, order: Order, key: str) -> GatewayCharge:
        """Reserve the money on the card. A refusal by the bank is an answer: the charge's status is `declined`."""
        ...

    async def keep(self, reference: UUID, token: str, key: str) -> str:
        """Keep the card that `token` names for charges while its owner is away, and give what names it from then on.

        Raises:
            CardDeclined: the bank does not let this card be kept.
        """
        ...

    async def renew(self, reference: UUID, key: str) -> GatewayCharge:
        """Reserve the money of an open authorisation anew before it lapses, under the same reference.

        Where the bank says no it is `voided`, at once or, if what is reserved stands for a while yet, when that lapses.
        A charge in any other state is left as it is and returned.

        Raises:
            PaymentState: there is no such charge.
        """
        ...

    async def payment_link(self, order: LinkOrder, key: str) -> str:
        """Make a page where the amount is paid, once, and taken at once; give its address.

        The charge is known under our reference when it was paid, and not before.
        """
        ...

    async def close_link(self, reference: UUID) -> None:
        """Let nothing be paid at a page any more; harmless when it was paid, has run out or is closed."""
        ...

    async def capture(self, reference: UUID, amount: Money, key: str) -> GatewayCharge:
        """Take at most what was authorised, once; the rest is let go.

        Raises:
            CaptureFailed: the gateway or the bank will not.
            PaymentState: the charge was voided or declined before.
        """
        ...

    async def void(self, reference: UUID, key: str) -> GatewayCharge | None:
        """Let an authorisation go. A charge in any other state is left as it is and returned; None if there is none."""
        ...

    async def refund(self, reference: UUID, refund: UUID, amount: Money, key: str) -> GatewayRefund:
        """Return captured money, under our id of the refund.

        Raises:
            RefundFailed: the gateway will not; for instance because less than `amount` is left.
        """
        ...

    async def may_know(self, reference: UUID) -> bool:
        """Tell whether the gateway may have heard of our reference, without asking it."""
        ...

    async def find(self, reference: UUID) -> GatewayCharge | None:
        """Look up the charge under our reference."""
        ...

    async def charges(self, since: datetime | None, cursor: str | None, limit: int) -> Charges:
        """List what the gateway charged and returned, from `since` on."""
        ...

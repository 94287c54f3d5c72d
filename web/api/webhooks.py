"""`POST /webhooks/payments/...`: events of card gateways, handed on to the payments service as they came.

An event is acknowledged once the service has kept it. What follows from it, such as money that came too late and goes
back, is begun after that; if the engine is away, the sweep of unfinished events begins it later.
"""

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Request

from careconnect.errors import TooLarge
from services.payments.errors import SignatureInvalid
from services.payments.schemas import WebhookReceipt
from web.gateway.errors import EngineUnavailable
from web.session import Door

log = structlog.get_logger()
router = APIRouter(tags=["webhooks"])
LARGEST = 256 * 1024
"""Bytes of an event; a gateway's own are a tenth of it."""
_HEADERS = ("stripe-signature", "gateway-signature")
_LONGEST_SIGNATURE = 1000


@router.post("/webhooks/payments/{gateway}", summary="Take in an event of a gateway that says for which tenant it is")
@router.post("/webhooks/payments/{gateway}/{tenant_id}", summary="Take in an event of a tenant's account at a gateway")
async def payments(
    request: Request,
    door: Door,
    gateway: Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,50}$")],
    tenant_id: UUID | None = None,
) -> WebhookReceipt:
    """Hand on the very bytes: the gateway's signature is over them, and says who asks better than any token."""
    signature = next((request.headers[name] for name in _HEADERS if name in request.headers), "")
    if not signature.isascii() or len(signature) > _LONGEST_SIGNATURE:
        raise SignatureInvalid
    body = await request.body()
    if len(body) > LARGEST:
        raise TooLarge
    receipt = await door.payments.webhook(gateway, body, signature, tenant_id)
    if receipt.return_payment and receipt.tenant_id:
        try:
            await door.money.give_back(receipt.tenant_id, receipt.return_payment)
        except EngineUnavailable:
            log.warning("left_to_the_sweep", payment=str(receipt.return_payment))
    if receipt.paid_appointment:
        try:
            await door.money.tell_booking(receipt.paid_appointment)
        except EngineUnavailable:
            log.warning("left_to_the_booking", appointment=str(receipt.paid_appointment))
    return receipt

"""`POST /webhooks/payments/{gateway}`: events of card gateways, handed on to the payments service as they came."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request

from services.payments.errors import SignatureInvalid
from services.payments.schemas import WebhookReceipt
from web.session import Door

router = APIRouter(tags=["webhooks"])


@router.post("/webhooks/payments/{gateway}", summary="Take in an event of a card gateway")
async def payments(
    request: Request,
    door: Door,
    gateway: Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,50}$")],
    signature: Annotated[str, Header(alias="gateway-signature", max_length=1000)] = "",
) -> WebhookReceipt:
    """Hand on the very bytes: the gateway's signature is over them, and says who asks better than any token."""
    if not signature.isascii():
        raise SignatureInvalid
    return await door.payments.webhook(gateway, await request.body(), signature)

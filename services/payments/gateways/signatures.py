"""Signed webhooks: `t=<unix seconds>,v1=<hex HMAC-SHA-256 over "t.body">`, the scheme that Stripe made usual.

Source: https://docs.stripe.com/webhooks#verify-manually
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from services.payments.errors import SignatureInvalid

TOLERANCE = 300
"""Seconds that a signature is good for; an older one may be a recorded request that somebody plays again."""


def sign(secret: bytes, body: bytes, at: datetime) -> str:
    """Write the signature header of `body` as sent at `at`."""
    moment = int(at.timestamp())
    return f"t={moment},v1={_digest(secret, moment, body)}"


def check(secrets: Sequence[bytes], body: bytes, header: str, now: datetime) -> None:
    """Accept `body` if any of the secrets signed it, not long ago; several make a rotation.

    Raises:
        SignatureInvalid: none did, it is malformed, or it is too old or from the future.
    """
    parts = [part.partition("=")[::2] for part in header.split(",")]
    given = [value for name, value in parts if name.strip() == "v1"]
    times = [value for name, value in parts if name.strip() == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or not given:
        raise SignatureInvalid("The signature header is malformed.")
    moment = int(times[0])
    if abs(now.timestamp() - moment) > TOLERANCE:
        raise SignatureInvalid("The event was signed too long ago.")
    expected = [_digest(secret, moment, body).encode() for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), other) for one in given for other in expected):
        raise SignatureInvalid


def _digest(secret: bytes, moment: int, body: bytes) -> str:
    return hmac.digest(secret, b"%d." % moment + body, "sha256").hex()

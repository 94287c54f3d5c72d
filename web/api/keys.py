"""The `Idempotency-Key` header: the same key with the same body gives the same answer."""

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Chosen by the caller, such as a UUID. A repeat with the same body gets the same answer; "
        "with another body it is refused (`idempotency_conflict`).",
    ),
]

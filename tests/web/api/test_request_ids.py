"""One request, one id: from the door through the engine to the audit of every service that it reached."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from careconnect.config import DATABASES
from careconnect.embedded.postgres import PostgresServer
from tests.web.clinic import Clinic, eventually

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def audited(postgres: PostgresServer) -> Callable[[str], Any]:
    """Read what the services' audits say of a request: which did what."""

    async def read(request_id: str) -> set[str]:
        found: set[str] = set()
        for database in DATABASES.values():
            address = f"{postgres.urls()['auditor'].replace('+asyncpg', '')}/{database}"
            connection = await asyncpg.connect(address)
            rows = await connection.fetch("SELECT action FROM audit_events WHERE request_id = $1", request_id)
            found |= {row["action"] for row in rows}
            await connection.close()
        return found

    return read


async def test_a_bookings_request_id_is_in_the_audit_of_every_service_it_reached(
    clinic: Clinic, audited: Callable[[str], Any]
) -> None:
    wish = await clinic.wish()
    answer = await clinic.post(
        "/appointments", json=wish, headers={"x-request-id": "booking-7e57", "traceparent": TRACE}
    )
    assert answer.status_code == 201, answer.text
    assert (answer.headers["x-request-id"], answer.headers["traceparent"]) == ("booking-7e57", TRACE)
    told = await eventually(lambda: audited("booking-7e57"), lambda found: "message.queued" in found)
    assert told >= {
        "appointment.held",
        "payment.authorised",
        "payment.captured",
        "appointment.booked",
        "invoice.issued",
    }


async def test_a_cancellations_steps_carry_its_own_id_and_not_the_bookings(
    clinic: Clinic, audited: Callable[[str], Any]
) -> None:
    booked = await clinic.booked()
    asked = {"json": {"reason": "pat"}, "headers": {"x-request-id": "cancelling-7e57"}}
    assert (await clinic.post(f"/appointments/{booked['id']}/cancellation", **asked)).status_code == 200
    told = await audited("cancelling-7e57")
    assert told >= {"appointment.cancelled", "refund.succeeded"}
    assert "appointment.held" not in told

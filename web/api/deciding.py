"""What somebody decides beyond the rules: it takes a right of its own, and a reason."""

from careconnect.auth import Actor
from careconnect.errors import Forbidden
from web.api.appointment_input import FeeWaiver
from web.api.openapi import further_scopes

MAY_WAIVE = further_scopes({"payments:write": "to `waive_fee`"})


def may_overbook(actor: Actor, *, asked: bool) -> None:
    """Refuse overbooking to whom it is not given.

    Raises:
        Forbidden: it is asked for, and the scope is missing.
    """
    if asked and not actor.may("appointments:overbook"):
        raise Forbidden("Overbooking needs the scope appointments:overbook.", needed="appointments:overbook")


def reason_to_waive(actor: Actor, waiver: FeeWaiver | None) -> str:
    """Give the reason for which a fee is waived, or nothing where it is not.

    Raises:
        Forbidden: it is, and the scope is missing.
    """
    if waiver and not actor.may("payments:write"):
        raise Forbidden("Waiving a fee needs the scope payments:write.", needed="payments:write")
    return waiver.reason if waiver else ""

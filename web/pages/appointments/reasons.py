"""Why something is done all the same, as a form says it."""

from services.appointments.errors import MovedTooOften, NoRoomFree, PatientBusy, SlotTaken, TooLateToMove
from services.consultants.errors import OutsideHours
from web.forms import Form
from web.pages.screen import Screen
from web.words import gettext

POLICY = frozenset({TooLateToMove.code, MovedTooOften.code})
"""Refusals that a reason passes over."""
IN_THE_WAY = frozenset({SlotTaken.code, PatientBusy.code, NoRoomFree.code, OutsideHours.code})
"""Refusals that those who may overbook pass over with a reason."""
_SHORTEST = 3
_LONGEST = 500


def reason(form: Form, name: str) -> str | None:
    """Read it: nothing where none is given, None where it is too short to say anything, which the form then tells."""
    said = form.values[name].strip()[:_LONGEST]
    if 0 < len(said) < _SHORTEST:
        form.object(gettext("Say why in a few words"), name)
        return None
    return said


def waiver_said(form: Form, screen: Screen) -> str | None:
    """Read why a fee is waived: nothing where it is not, None where the reason is missing: the form tells."""
    if form.values["waive"] != "true" or not screen.actor.may("payments:write"):
        return ""
    said = form.values["waive_reason"].strip()[:_LONGEST]
    if len(said) < _SHORTEST:
        form.object(gettext("Say why the fee is waived"), "waive_reason")
        return None
    return said

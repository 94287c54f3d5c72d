"""Absences in words: why an appointment waits for a person."""

from web.words import gettext


def reason_words(code: str | None) -> str:
    """Say why nothing became of an appointment, from the code of the refusal."""
    words = {
        "no_time": gettext("No free time was found in the coming weeks."),
        "no_answer": gettext("Its process did not answer in time."),
        "process_ended": gettext("Its process has ended."),
        "wrong_state": gettext("The patient is here already, or the visit has ended."),
        "version_conflict": gettext("Somebody else changed it meanwhile."),
        "changed": gettext("Somebody else changed it meanwhile."),
        "slot_taken": gettext("The time has been taken by somebody else."),
        "patient_busy": gettext("The patient has another appointment then."),
        "too_soon": gettext("It would begin too soon."),
        "outside_hours": gettext("It would be outside the consultant's hours."),
        "undo_window_over": gettext("The cancellation can no longer be taken back; book it anew."),
    }
    return words.get(code or "", gettext("It was refused."))

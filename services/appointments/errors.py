"""What the appointments service refuses."""

from careconnect.errors import Refusal


class AppointmentNotFound(Refusal):
    """There is no such appointment for this tenant."""

    code, status, title = "appointment_not_found", 404, "There is no such appointment"


class ReasonNeeded(Refusal):
    """The patient is not one's own; `patient_id` says whom `POST /patients/{patient_id}/access` opens."""

    code, status, title = "reason_needed", 403, "This patient is not one of yours; say why you need to see the record"


class SlotTaken(Refusal):
    """The consultant is occupied at that time; `alternatives` are the nearest free slots."""

    code, status, title = "slot_taken", 409, "That time has just been taken"


class NoRoomFree(Refusal):
    """Every room that fits the visit is in use at that time."""

    code, status, title = "no_room_free", 409, "Every room that fits is in use at that time"


class PatientBusy(Refusal):
    """The patient has another appointment at that time."""

    code, status, title = "patient_busy", 409, "The patient has another appointment at that time"


class HoldExpired(Refusal):
    """The hold ran out before the booking was finished."""

    code, status, title = "hold_expired", 409, "The time was held for too long and was given back"


class HoldNotFound(Refusal):
    """There is no such hold for this tenant."""

    code, status, title = "hold_not_found", 404, "There is no such hold"


class HoldOver(Refusal):
    """The hold has run out, or was given back."""

    code, status, title = "hold_over", 410, "This time is no longer held"


class HoldExtended(Refusal):
    """A hold can be extended once."""

    code, status, title = "hold_extended", 409, "This hold has been extended already"


class HoldUsed(Refusal):
    """A hold becomes one appointment; `appointment_id` says which."""

    code, status, title = "hold_used", 409, "This hold has been used for an appointment already"


class HoldDiffers(Refusal):
    """The booking is for another visit, consultant, place or time than the hold that it names."""

    code, status, title = "hold_differs", 409, "The hold is for another visit or time"


class WrongState(Refusal):
    """The appointment is in a state that does not allow it."""

    code, status, title = "wrong_state", 409, "The appointment is in a state that does not allow this"


class TooEarly(Refusal):
    """The visit has not come yet; `possible_from` says from when on the step can be noted."""

    code, status, title = "too_early", 409, "The visit has not come yet"


class TooLateToUndo(Refusal):
    """An undo is possible only within the same day."""

    code, status, title = "too_late_to_undo", 409, "This can be undone only on the same day"


class UndoWindowOver(TooLateToUndo):
    """A cancellation or a move can be undone for ten minutes, if that was offered."""

    code, title = "undo_window_over", "This can no longer be undone"


class TooLateToMove(Refusal):
    """The visit type's policy lets it be moved only until some hours before; `until` says when that was."""

    code, status, title = "too_late_to_move", 409, "It is too late to move this appointment"


class TooLateToCancel(Refusal):
    """The visit has begun, and the reason is not the clinic's; `begun_at` says since when."""

    code, status, title = "too_late_to_cancel", 409, "It is too late to cancel: the visit has begun"


class MovedTooOften(Refusal):
    """The visit type's policy lets it be moved only so often; `max_moves` says how often."""

    code, status, title = "moved_too_often", 409, "This appointment was moved as often as it may be"


class InvalidRule(Refusal):
    """The recurrence rule is none, never ends, or is not followed here."""

    code, status, title = "invalid_rule", 422, "This repetition cannot be followed"


class SeriesNotFound(Refusal):
    """There is no such series for this tenant."""

    code, status, title = "series_not_found", 404, "There is no such series"


class OccurrenceNotFound(Refusal):
    """The series has no appointment of that number."""

    code, status, title = "occurrence_not_found", 404, "The series has no such appointment"


class WaitlistEntryNotFound(Refusal):
    """There is no such entry of the waiting list for this tenant."""

    code, status, title = "waitlist_entry_not_found", 404, "There is no such entry of the waiting list"


class OfferNotFound(Refusal):
    """There is no such offer of a freed time for this tenant."""

    code, status, title = "offer_not_found", 404, "There is no such offer"


class OfferOver(Refusal):
    """The offer of a freed time has passed, or was answered before."""

    code, status, title = "offer_over", 409, "This offer has passed"


class AbsenceNotFound(Refusal):
    """There is no such absence for this tenant."""

    code, status, title = "absence_not_found", 404, "There is no such absence"


class AbsenceUnderWay(Refusal):
    """The appointments in this leave are being dealt with already."""

    code, status, title = "absence_under_way", 409, "The appointments in this leave are being dealt with already"


class NobodyAffected(Refusal):
    """There is no appointment in the leave that anything could become of."""

    code, status, title = "nobody_affected", 409, "No appointment lies in this leave"


class NotNow(Refusal):
    """The work stands where this cannot be asked any more, or not yet."""

    code, status, title = "absence_wrong_state", 409, "This is not possible as the work stands now"


class FeedNotFound(Refusal):
    """There is no such calendar feed for this tenant, or it was revoked."""

    code, status, title = "feed_not_found", 404, "There is no such calendar"

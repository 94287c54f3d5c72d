"""What the patients service refuses."""

from careconnect.errors import Refusal


class PatientNotFound(Refusal):
    """There is no such patient in this tenant."""

    code, status, title = "patient_not_found", 404, "There is no such patient"


class PatientArchived(Refusal):
    """The patient's record is archived: it can be read and restored, and nothing else."""

    code, status, title = "patient_archived", 409, "This patient's record is archived; restore it first"


class PossibleDuplicate(Refusal):
    """Somebody who looks like this person is registered: `candidates` says who (`schemas.Candidate`)."""

    code, status, title = "possible_duplicate", 409, "This person may be registered already"

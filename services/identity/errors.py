"""What the identity service refuses, and why."""

from careconnect.errors import Conflict, Forbidden, NotAuthenticated, NotFound, RateLimited


class InvalidCredentials(NotAuthenticated):
    """The e-mail and the password do not belong together; which of them is wrong is not told."""

    code, title = "invalid_credentials", "This e-mail and password do not belong together"


class TooManyAttempts(RateLimited):
    """Too many passwords were tried for one e-mail; `retry_after` says for how many seconds none is looked at."""

    code, title = "too_many_attempts", "Too many tries with this e-mail; wait a while"


class SessionEnded(NotAuthenticated):
    """The session was ended, ran out, or never was."""

    code, title = "session_ended", "Your session has ended; sign in again"


class InvalidClient(NotAuthenticated):
    """The client id and the secret do not belong together, or the client was revoked."""

    code, title = "invalid_client", "This client id and secret do not belong together"


class TenantNotFound(NotFound):
    """There is no such organisation here."""

    code, title = "tenant_not_found", "There is no such organisation"


class TenantExists(Conflict):
    """The id belongs to an organisation with other details."""

    code, title = "tenant_exists", "This id belongs to another organisation already"


class LocationNotFound(NotFound):
    """There is no such location here."""

    code, title = "location_not_found", "There is no such location"


class LocationExists(Conflict):
    """The id belongs to a location with other details."""

    code, title = "location_exists", "This id belongs to another location already"


class StaffNotFound(NotFound):
    """There is no such member of staff here."""

    code, title = "staff_not_found", "There is no such member of staff"


class StaffExists(Conflict):
    """The id belongs to a member of staff with other details."""

    code, title = "staff_exists", "This id belongs to another member of staff already"


class EmailTaken(Conflict):
    """One e-mail signs in one person."""

    code, title = "email_taken", "Somebody else signs in with this e-mail"


class LastOwner(Conflict):
    """An organisation without an owner could never be managed again."""

    code, title = "last_owner", "This is the last owner; make somebody else an owner first"


class BeyondYourRights(Forbidden):
    """Nobody hands out rights, or takes over an account with rights, that they do not have themselves."""

    code, title = "beyond_your_rights", "This goes beyond your own rights"


class ClientNotFound(NotFound):
    """There is no such API client here."""

    code, title = "client_not_found", "There is no such API client"


class ClientExists(Conflict):
    """The id belongs to an API client with other details."""

    code, title = "client_exists", "This id belongs to another API client already"


class ClientRevoked(Conflict):
    """A revoked client stays revoked."""

    code, title = "client_revoked", "This API client was revoked; make a new one"

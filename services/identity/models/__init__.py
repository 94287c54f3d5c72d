"""The models of the identity service."""

from services.identity.models.access import (
    IDLE,
    LONGEST,
    TOUCH,
    ApiClient,
    DirectoryEntry,
    Session,
    SignInAttempts,
)
from services.identity.models.base import Base
from services.identity.models.organisation import Location, Tenant
from services.identity.models.staff import Staff, grant

__all__ = [
    "IDLE",
    "LONGEST",
    "TOUCH",
    "ApiClient",
    "Base",
    "DirectoryEntry",
    "Location",
    "Session",
    "SignInAttempts",
    "Staff",
    "Tenant",
    "grant",
]

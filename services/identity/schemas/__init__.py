"""The wire models of the identity service."""

from services.identity.schemas.access import (
    ApiClient,
    ApiClientSecret,
    ApiClientWrite,
    ClientCredentials,
    ClientInfo,
    SessionInfo,
    SignedIn,
    SignIn,
    TokenWrite,
)
from services.identity.schemas.organisation import (
    Address,
    Location,
    LocationReplacement,
    LocationWrite,
    Tenant,
    TenantReplacement,
    TenantWrite,
)
from services.identity.schemas.staff import (
    ConsoleReading,
    NamesQuery,
    PasswordWrite,
    Staff,
    StaffDetails,
    StaffName,
    StaffReplacement,
    StaffWrite,
)

__all__ = [
    "Address",
    "ApiClient",
    "ApiClientSecret",
    "ApiClientWrite",
    "ClientCredentials",
    "ClientInfo",
    "ConsoleReading",
    "Location",
    "LocationReplacement",
    "LocationWrite",
    "NamesQuery",
    "PasswordWrite",
    "SessionInfo",
    "SignIn",
    "SignedIn",
    "Staff",
    "StaffDetails",
    "StaffName",
    "StaffReplacement",
    "StaffWrite",
    "Tenant",
    "TenantReplacement",
    "TenantWrite",
    "TokenWrite",
]

"""The endpoints of the identity service."""

from services.identity.api import clients, sessions, staff, tenants

ROUTERS = (sessions.router, tenants.router, staff.router, clients.router)

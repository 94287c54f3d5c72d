"""On which channels a patient is reminded: where they have an address, and did not opt out."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.errors import Unavailable
from services.notifications.client import NotificationsClient
from services.patients.schemas import Contact


async def channels_of(messages: NotificationsClient, tenant_id: UUID, contact: Contact) -> list[str]:
    """Name them; none where nobody can tell what the patient wants, since more would be a promise."""
    try:
        wants = await messages.preferences(Actor.system("messages:read", tenant_id=tenant_id), contact.id)
    except Unavailable:
        return []
    known = (("email", contact.email, wants.email), ("sms", contact.phone, wants.sms))
    return [name for name, address, wanted in known if address and wanted]

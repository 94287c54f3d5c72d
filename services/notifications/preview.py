"""What each template looks like, with made-up words in it."""

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

from careconnect.money import Money
from services.notifications.schemas import Change, Template, TemplatePreview, Values
from services.notifications.wording import write

_NAME = "Nimal Perera"
_VALUES = Values(
    clinic="Lanka Clinics",
    clinic_phone="+94 11 234 5678",
    reference="CC-7F3KT-9QH2",
    starts_at=datetime(2026, 12, 1, 4, 0, tzinfo=UTC),
    zone="Asia/Colombo",
    consultant="Dr Anula Silva",
    visit_type="Consultation",
    location="Galle Road",
    amount=Money(amount=350000, currency="LKR"),
    invoice_number="INV-2026-000001",
    link="https://clinic.example/p/offer/...",
    answer_by=datetime(2026, 11, 30, 4, 15, tzinfo=UTC),
    dates=[datetime(2026, 12, day, 4, 0, tzinfo=UTC) for day in (1, 15, 29)],
    changes=[
        Change(
            kind="moved",
            appointment_id=UUID(int=0),
            appointment_version=2,
            was=datetime(2026, 11, 30, 4, 0, tzinfo=UTC),
            starts_at=datetime(2026, 12, 1, 4, 0, tzinfo=UTC),
            zone="Asia/Colombo",
            consultant="Dr Anula Silva",
            location="Galle Road",
        )
    ],
)


def previews(language: str) -> list[TemplatePreview]:
    """Write every template in `language`."""
    return [_preview(template, language) for template in get_args(Template)]


def _preview(template: Template, language: str) -> TemplatePreview:
    mail = write(template, "email", language, _NAME, _VALUES)
    short = write(template, "sms", language, _NAME, _VALUES)
    return TemplatePreview(
        template=template, language=mail.language, subject=mail.subject or "", body=mail.body, sms=short.body
    )

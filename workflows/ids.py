"""Names of workflows, task queues and search attributes: one workflow per business object."""

from datetime import datetime
from uuid import UUID

from temporalio.common import SearchAttributeKey

from careconnect.ids import derived_id

BOOKINGS = "careconnect-bookings"
"""Task queue of the workflows, and of the short activities that a person waits for."""
BACKGROUND = "careconnect-background"
"""Task queue of messages and figures, so that a slow mail server keeps nobody waiting."""

TENANT = SearchAttributeKey.for_keyword("TenantId")
LOCATION = SearchAttributeKey.for_keyword("LocationId")
CONSULTANT = SearchAttributeKey.for_keyword("ConsultantId")
APPOINTMENT_STATUS = SearchAttributeKey.for_keyword("AppointmentStatus")
PAYMENT_STATUS = SearchAttributeKey.for_keyword("PaymentStatus")
VISIT_AT = SearchAttributeKey.for_datetime("VisitAt")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")
FAILED_STEPS = SearchAttributeKey.for_keyword_list("FailedSteps")


def appointment(appointment_id: UUID) -> str:
    """Name the workflow of an appointment."""
    return f"appointment-{appointment_id}"


PAYMENT = "payment-"
"""How the names of payments' workflows begin."""


def payment(payment_id: UUID) -> str:
    """Name the workflow of a payment."""
    return f"{PAYMENT}{payment_id}"


def reminders(appointment_id: UUID) -> str:
    """Name the workflow of an appointment's reminders."""
    return f"reminders-{appointment_id}"


def absence(absence_id: UUID) -> str:
    """Name the workflow that deals with a consultant's absence."""
    return f"absence-{absence_id}"


def dashboard(tenant_id: UUID) -> str:
    """Name the schedule of a tenant's dashboard, and begin the ids of its runs."""
    return f"dashboard-{tenant_id}"


def gateway_events(tenant_id: UUID) -> str:
    """Name the schedule of a tenant's sweep of gateways' events, and begin the ids of its runs."""
    return f"gateway-events-{tenant_id}"


def series(series_id: UUID) -> str:
    """Name the workflow of a series."""
    return f"series-{series_id}"


def waitlist(entry_id: UUID) -> str:
    """Name the workflow of an entry of the waiting list."""
    return f"waitlist-{entry_id}"


def hold(hold_id: UUID) -> str:
    """Name the workflow of a hold."""
    return f"hold-{hold_id}"


def matching(tenant_id: UUID) -> str:
    """Name the schedule by which free times are looked for, and begin the ids of its runs."""
    return f"matching-{tenant_id}"


def occurrence_of(series_id: UUID, number: int, start: datetime) -> UUID:
    """Give the id of a series' appointment at one start; another try at the same start is the same appointment."""
    return derived_id("occurrence", series_id, number, int(start.timestamp()))


def waiver_of(waiver: UUID, appointment_id: UUID) -> UUID:
    """Give the id of the draft, kept with one appointment of a series, of why cancelling it costs no fee."""
    return derived_id("waiver", waiver, appointment_id)


def offer_of(entry_id: UUID, number: int) -> UUID:
    """Give the id of an entry's first, second, ... offer, and of the appointment that holds its time."""
    return derived_id("offer", entry_id, number)


def money_check(tenant_id: UUID) -> str:
    """Name a tenant's money check that a person asks for, and its schedule, whose runs have the time behind it."""
    return f"money-check-{tenant_id}"


def dunning(invoice_id: UUID) -> str:
    """Name the workflow that recalls what is due on an invoice."""
    return f"dunning-{invoice_id}"


def payment_of(appointment_id: UUID) -> UUID:
    """Give the id of the payment that is taken at booking."""
    return derived_id("payment", appointment_id)


def invoice_of(appointment_id: UUID) -> UUID:
    """Give the id of the invoice that a booking issues."""
    return derived_id("invoice", appointment_id)


def card_of(appointment_id: UUID) -> UUID:
    """Give the id of the card that is kept for an appointment's payment."""
    return derived_id("card", appointment_id)


def refund_of(payment_id: UUID, cause: str) -> UUID:
    """Give the id of the refund that `cause` leads to; the same cause never refunds twice."""
    return derived_id("refund", payment_id, cause)


def difference_of(appointment_id: UUID, version: int) -> UUID:
    """Give the id of the invoice of what a visit costs more since the move that made `version`."""
    return derived_id("difference", appointment_id, version)


def credit_of(invoice_id: UUID, kept: int) -> UUID:
    """Give the id of the credit that leaves an invoice with what is `kept`, in minor units."""
    return derived_id("credit", invoice_id, kept)


def invoice_mail(message_id: UUID) -> str:
    """Name the workflow that mails a receipt or a payment link."""
    return f"invoice-mail-{message_id}"


def claim_of(invoice_id: UUID) -> UUID:
    """Give the id of the claim for an invoice; it has one at most."""
    return derived_id("claim", invoice_id)


def message_of(appointment_id: UUID, version: int, template: str, offset_hours: int | None, channel: str) -> UUID:
    """Give the id of a message: at most one per appointment, version, template, offset and channel."""
    return derived_id("message", appointment_id, version, template, offset_hours, channel)

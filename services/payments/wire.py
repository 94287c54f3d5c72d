"""From what is kept to what goes over the wire."""

from careconnect.crypto import TenantKeys
from careconnect.money import Money
from services.payments import models, schemas


def invoice(row: models.Invoice, keys: TenantKeys) -> schemas.Invoice:
    """Write an invoice whose lines are loaded."""

    def money(amount: int) -> Money:
        return Money(amount=amount, currency=row.currency)

    lines = [
        schemas.Line(
            description=keys.open(line.description),
            quantity=line.quantity,
            unit=money(line.unit),
            total=money(line.total),
            discount=money(line.discount) if line.discount else None,
            tax=_tax(line, row.currency),
        )
        for line in row.lines
    ]
    return schemas.Invoice(
        id=row.id,
        number=row.number,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        lines=lines,
        total=money(row.total),
        tax=money(row.tax) if row.tax else None,
        discounts=[_discount(one, row.currency, keys) for one in row.discounts] if row.discount else [],
        payer=_payer(row, keys),
        patient_share=money(row.total - row.credited - row.covered),
        paid=money(row.paid),
        refunded=money(row.refunded),
        credited=money(row.credited),
        due=money(row.due),
        income=row.income,
        status=row.status,
        ended_why=keys.open(row.cancel_reason) if row.cancel_reason else None,
        issued_at=row.issued_at,
        version=row.version,
    )


def draft(row: models.InvoiceDraft, keys: TenantKeys) -> schemas.InvoiceDraft:
    """Write a draft of an invoice, with what its lines would come to."""
    wanted = row.wanted(keys)
    return schemas.InvoiceDraft(
        id=row.id,
        patient_id=row.patient_id,
        appointment_id=wanted.appointment_id,
        coverage_id=wanted.coverage_id,
        visit_day=wanted.visit_day,
        authorisation_number=wanted.authorisation_number,
        lines=[
            schemas.Line(
                description=line.description,
                quantity=line.quantity,
                unit=line.unit,
                total=line.sums.gross,
                tax=schemas.LineTaxed(**line.tax.model_dump(), amount=line.sums.tax) if line.tax else None,
            )
            for line in wanted.lines
        ],
        total=wanted.total,
        tax=wanted.tax or None,
        zone=wanted.zone,
        created_at=row.created_at,
        version=row.version,
    )


def _payer(row: models.Invoice, keys: TenantKeys) -> schemas.PayerShare | None:
    if row.coverage_id is None or row.payer_id is None:
        return None

    def money(amount: int) -> Money:
        return Money(amount=amount, currency=row.currency)

    return schemas.PayerShare(
        coverage_id=row.coverage_id,
        payer_id=row.payer_id,
        payer_name=row.payer.name if row.payer else "",
        rate=row.cover_rate,
        fixed=None if row.cover_fixed is None else money(row.cover_fixed),
        share=money(row.covered),
        paid=money(row.payer_paid),
        written_off=money(row.written_off),
        due=money(row.payer_due),
        claimed=row.claimed,
        authorisation_number=keys.open(row.authorisation) if row.authorisation else "",
    )


def _tax(line: models.InvoiceLine, currency: str) -> schemas.LineTaxed | None:
    if line.tax_name is None:
        return None
    amount = Money(amount=line.tax, currency=currency)
    return schemas.LineTaxed(name=line.tax_name, rate=line.tax_rate, inclusive=line.tax_inclusive, amount=amount)


def _discount(row: models.Discount, currency: str, keys: TenantKeys) -> schemas.Discount:
    return schemas.Discount(
        id=row.id,
        percent=row.percent,
        amount=Money(amount=row.amount, currency=currency),
        reason=keys.open(row.reason),
        created_at=row.created_at,
    )


def payment(row: models.Payment, invoice: models.Invoice | None) -> schemas.Payment:
    """Write a payment and the number of its invoice."""

    def money(amount: int) -> Money:
        return Money(amount=amount, currency=row.currency)

    return schemas.Payment(
        id=row.id,
        invoice_id=row.invoice_id,
        invoice_number=invoice.number if invoice else None,
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        method=row.method,
        amount=money(row.amount),
        status=row.status,
        captured=money(row.captured),
        refunded=money(row.refunded),
        refunding=money(row.refunding) if row.refunding else None,
        surplus=money(row.surplus) if row.surplus else None,
        decline_code=row.decline_code,
        gateway=row.gateway,
        gateway_reference=row.gateway_reference,
        created_at=row.created_at,
        captured_at=row.captured_at,
        version=row.version,
        drawer_id=row.drawer_id,
    )


def listed(row: models.Payment) -> schemas.Payment:
    """Write a payment whose invoice is loaded with it."""
    return payment(row, row.invoice)


def refund(row: models.Refund, keys: TenantKeys) -> schemas.Refund:
    """Write a refund."""
    return schemas.Refund(
        id=row.id,
        payment_id=row.payment_id,
        amount=Money(amount=row.amount, currency=row.currency),
        reason=keys.open(row.reason),
        status=row.status,
        gateway_reference=row.gateway_reference,
        created_at=row.created_at,
        drawer_id=row.drawer_id,
        failure=row.failure,
        reversed_at=row.reversed_at,
    )

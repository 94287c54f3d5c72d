"""What is kept: each class holds its guard, its change and the booking that tells of it."""

from services.payments.models.base import Base
from services.payments.models.cards import KeptCard
from services.payments.models.checks import MendingRule, MoneyCheck, MoneyCheckSeen, Orphan
from services.payments.models.claims import Claim, ClaimBatch, ClaimStep
from services.payments.models.corrections import PaymentCorrection
from services.payments.models.counters import InvoiceCounter
from services.payments.models.credits import InvoiceCredit
from services.payments.models.discounts import Discount
from services.payments.models.drafts import InvoiceDraft
from services.payments.models.drawers import CashDrawer, CashMovement, CashRule
from services.payments.models.dunnings import Dunning, DunningReminder
from services.payments.models.events import WebhookEvent
from services.payments.models.gateways import GatewayAccount, GatewayCall, GatewayRoute, GatewayStanding, WebhookRefusal
from services.payments.models.insurance import Coverage, Payer
from services.payments.models.invoices import Covering, Invoice, InvoiceLine
from services.payments.models.ledger import LedgerBooks, LedgerEntry, LedgerLine, LedgerPeriod, LedgerTotal
from services.payments.models.links import PaymentLink
from services.payments.models.patient_credits import PatientCredit
from services.payments.models.payments import Payment
from services.payments.models.payouts import Payout
from services.payments.models.refunds import Refund
from services.payments.models.sandbox import SandboxCharge, SandboxCheckout, SandboxEvent, SandboxKey, SandboxRefund
from services.payments.models.visits import EndedVisit

__all__ = [
    "Base",
    "CashDrawer",
    "CashMovement",
    "CashRule",
    "Claim",
    "ClaimBatch",
    "ClaimStep",
    "Coverage",
    "Covering",
    "Discount",
    "Dunning",
    "DunningReminder",
    "EndedVisit",
    "GatewayAccount",
    "GatewayCall",
    "GatewayRoute",
    "GatewayStanding",
    "Invoice",
    "InvoiceCounter",
    "InvoiceCredit",
    "InvoiceDraft",
    "InvoiceLine",
    "KeptCard",
    "LedgerBooks",
    "LedgerEntry",
    "LedgerLine",
    "LedgerPeriod",
    "LedgerTotal",
    "MendingRule",
    "MoneyCheck",
    "MoneyCheckSeen",
    "Orphan",
    "PatientCredit",
    "Payer",
    "Payment",
    "PaymentCorrection",
    "PaymentLink",
    "Payout",
    "Refund",
    "SandboxCharge",
    "SandboxCheckout",
    "SandboxEvent",
    "SandboxKey",
    "SandboxRefund",
    "WebhookEvent",
    "WebhookRefusal",
]

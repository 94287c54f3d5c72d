"""Records: found, locked and written, in as few statements as they need."""

from services.payments.repository.credits import add_credit, credit, credit_of, find_card, find_discount, lines_of
from services.payments.repository.drafts import claim_draft, draft, drafts, lock_draft
from services.payments.repository.drawers import (
    Sums,
    add_drawer,
    drawer_for_cash,
    drawer_movements,
    drawer_needed,
    drawer_payments,
    drawer_refunds,
    drawer_sums,
    find_drawer,
    find_movement,
    lock_drawer,
    open_drawer,
    set_drawer_needed,
)
from services.payments.repository.entries import post
from services.payments.repository.invoices import add_invoice, find_credit, find_invoice, invoice, lock_invoice
from services.payments.repository.payments import (
    claim,
    find_payment,
    find_together,
    lock_door,
    lock_money,
    lock_payment,
    payment,
)
from services.payments.repository.refunds import find_refund, refund, refunds, refunds_of
from services.payments.repository.rows import Doubled
from services.payments.repository.visits import end_visit, is_to_come, lock_unearned

__all__ = [
    "Doubled",
    "Sums",
    "add_credit",
    "add_drawer",
    "add_invoice",
    "claim",
    "claim_draft",
    "credit",
    "credit_of",
    "draft",
    "drafts",
    "drawer_for_cash",
    "drawer_movements",
    "drawer_needed",
    "drawer_payments",
    "drawer_refunds",
    "drawer_sums",
    "end_visit",
    "find_card",
    "find_credit",
    "find_discount",
    "find_drawer",
    "find_invoice",
    "find_movement",
    "find_payment",
    "find_refund",
    "find_together",
    "invoice",
    "is_to_come",
    "lines_of",
    "lock_door",
    "lock_draft",
    "lock_drawer",
    "lock_invoice",
    "lock_money",
    "lock_payment",
    "lock_unearned",
    "open_drawer",
    "payment",
    "post",
    "refund",
    "refunds",
    "refunds_of",
    "set_drawer_needed",
]

"""The endpoints, by what they are about."""

from services.payments.api import (
    accounts,
    checks,
    claims,
    drafts,
    drawers,
    dunning,
    earning,
    gateways,
    invoices,
    ledger,
    links,
    payers,
    payments,
    reads,
    refunds,
    webhooks,
)

# `reads` first: /payments/summary is not a payment.
routers = [reads.router, invoices.router, payments.router, refunds.router, ledger.router]
routers += [accounts.router, links.router, gateways.router, webhooks.router, checks.router, drawers.router]
routers += [payers.router, claims.router, dunning.router, earning.router, drafts.router]

"""The endpoints, by what they are about."""

from services.payments.api import gateways, invoices, ledger, payments, reads, refunds

# `reads` first: /payments/summary is not a payment.
routers = [reads.router, invoices.router, payments.router, refunds.router, gateways.router, ledger.router]

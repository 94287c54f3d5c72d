"""Payments: invoices, what was collected for them, what was returned, and the ledger that proves it."""

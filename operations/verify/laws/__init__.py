"""The laws, in the order of the glossary; each module examines one."""

from operations.verify.finding import Law
from operations.verify.laws import (
    audit,
    dashboard,
    engine,
    gateway,
    holds,
    hours,
    kept_money,
    ledger,
    messages,
    overlaps,
    tenants,
)

LAWS = (
    Law(1, "no overlapping appointments", overlaps.check),
    Law(2, "appointments lie inside hours", hours.check),
    Law(3, "no hold outlives its expiry", holds.check),
    Law(4, "money is kept only with a right to it", kept_money.check),
    Law(5, "the gateway's books are ours", gateway.check),
    Law(6, "the ledger balances and agrees", ledger.check),
    Law(7, "one message, and none that is wrong", messages.check),
    Law(8, "one workflow per appointment", engine.check),
    Law(9, "the dashboard tells the truth", dashboard.check),
    Law(10, "every change is in the audit", audit.check),
    Law(11, "tenants see only themselves", tenants.check),
)

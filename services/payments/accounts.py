"""The chart of accounts: what each account of the ledger counts, and on which side of the books it stands.

Every tenant has each account once per currency. `gateway_clearing` is followed by the gateway's name, as in
`gateway_clearing:sandbox`, since each gateway settles by itself. Postgres refuses an account that is not here.
"""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Where an account stands: what is owned, what is owed, what was earned, what it cost."""

    asset = "asset"
    liability = "liability"
    income = "income"
    expense = "expense"


class Account(NamedTuple):
    """One account, with its name for people (translated when shown)."""

    code: str
    kind: Kind
    name: str


CHART = (
    Account("cash", Kind.asset, "Cash"),
    Account("bank", Kind.asset, "Bank"),
    Account("card_terminal_clearing", Kind.asset, "Card terminal, not yet settled"),
    Account("gateway_clearing", Kind.asset, "Card gateway, not yet settled"),
    Account("insurance_clearing", Kind.asset, "Insurance, not yet settled"),
    Account("receivables", Kind.asset, "Owed by patients"),
    Account("payer_receivables", Kind.asset, "Owed by payers"),
    Account("deposits", Kind.liability, "Deposits and dues of visits to come"),
    Account("patient_credits", Kind.liability, "Credits of patients"),
    Account("tax", Kind.liability, "Tax to pay on"),
    Account("suspense", Kind.liability, "Money without an owner yet"),
    Account("revenue", Kind.income, "Revenue"),
    Account("discounts", Kind.income, "Discounts given"),
    Account("fees_kept", Kind.income, "Fees kept after cancellations"),
    Account("refunds", Kind.income, "Refunds"),
    Account("gateway_fees", Kind.expense, "Fees of gateways"),
    Account("written_off", Kind.expense, "Written off"),
    Account("cash_over_short", Kind.expense, "Cash over and short"),
    Account("petty_expenses", Kind.expense, "Small expenses"),
)
"""Every account. Refunds and discounts stand under income, which they lessen."""

_BY_CODE = {account.code: account for account in CHART}


def account_of(name: str) -> Account:
    """Find the account that a ledger line names, with or without a gateway.

    Raises:
        KeyError: the chart has no such account; Postgres lets no line name one.
    """
    return _BY_CODE[name.partition(":")[0]]

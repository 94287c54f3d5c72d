"""The words of the contract: what each scope lets a caller do, and what the resources are."""

SCOPES: dict[str, str] = {
    "patients:read": "find and read patients, without medical fields",
    "patients:write": "register and change patients",
    "patients:clinical": "read and change medical fields",
    "consultants:read": "read consultants and their schedules",
    "consultants:write": "register and change consultants and their schedules",
    "catalogue:read": "read visit types",
    "catalogue:write": "change visit types and locations",
    "identity:read": "read locations",
    "appointments:read": "read appointments and free times",
    "appointments:write": "book, move and cancel appointments, and note the visit",
    "appointments:overbook": "book over other appointments and outside the hours, with a reason",
    "payments:read": "read invoices and payments",
    "payments:write": "issue invoices and take money",
    "payments:refund": "return money",
    "ledger:close": "close a month of the ledger, and open it again",
    "payments:discount": "take something off an invoice, with a reason",
    "drawers:review": "see and close the cash drawers of others, review them, and say whether cash needs one",
    "insurance:write": "keep payers, and submit and settle claims",
    "insurance:write_off": "write off what a payer refused, with a reason",
    "reports:read": "read the dashboard's figures",
    "messages:read": "read what was sent to patients",
    "messages:write": "send messages, and change who wants them",
}
"""Every scope that an API client can hold."""

TAGS: dict[str, str] = {
    "patients": "Registration, the record, and everything that happened to a patient.",
    "consultants": "Who sees patients, their weekly hours, and when those do not hold.",
    "catalogue": "What can be booked (visit types), where (locations, rooms), and when places are closed.",
    "slots": "Free times, computed from hours less what is occupied.",
    "appointments": "Each appointment is a durable process. A verb is a noun resource: POST does it, DELETE undoes it.",
    "payments": "Invoices, payments and refunds. Money is an integer of minor units and a currency.",
    "drawers": "Cash by person and shift: counted in, taken and given, counted out; a difference is booked.",
    "insurance": "Payers, what they cover of whose visits, and claims for what they owe.",
    "ledger": "The books: double entry, append-only; balances and entries by month, and closing one.",
    "messages": "E-mails and short messages to patients.",
    "audit": "Who did or read what: for auditors, administrators and owners who are signed in.",
    "tokens": "Access tokens of API clients, and the keys that verify them; outside `/api/v1`.",
    "webhooks": "Events that payments gateways send; outside `/api/v1`.",
    "reports": "Figures from the last snapshot, with how fresh each service's part is.",
    "workflows": "Where a process stands that a request started.",
}

ABOUT = """\
JSON in UTF-8. Errors are `application/problem+json` (RFC 9457): `code` is what machines read, and `errors` names the
fields that are wrong.

**Lists** answer `items` and `next_cursor`; send it as `cursor` for the next page. `total` comes with `count=true`.
Lists that are never long come whole, whatever `limit` says. A query parameter that is not known is refused
(`unknown_parameter`), for a filter with a slip in its name would list everything.

**Repeating is safe.** Send an `Idempotency-Key` with what creates something: the same key with the same body gives the
same answer, with another body `idempotency_conflict`.

**Changes** carry the `version` that was read, or its `ETag` in `If-Match`; a stale one is `version_conflict`. Reads of
single records answer 304 to a matching `If-None-Match`.

**Time** is RFC 3339 with an offset; **money** is `{"amount": 350000, "currency": "LKR"}` in minor units.
"""

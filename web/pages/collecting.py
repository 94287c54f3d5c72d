"""Taking a payment and returning one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments.errors import CardDeclined, PaymentUnresolved
from services.payments.schemas import Invoice, LinkWrite, Payment
from services.payments.states import DECLINES, InvoiceStatus, Method
from web.formats import decimal_amount, money
from web.forms import Form
from web.gateway.errors import StillDeciding
from web.gateway.money import Collection
from web.looks import look
from web.pages import naming
from web.pages.appointments.terms import Way
from web.pages.cards import cards_of
from web.pages.paying import line, refundable, released_of
from web.pages.screen import Screen, needs
from web.words import gettext, refused

router = APIRouter(prefix="/billing/payments", include_in_schema=False)
Writer = Annotated[Screen, needs("payments:write")]
Refunder = Annotated[Screen, needs("payments:refund")]
_METHODS = (Method.card, Method.card_terminal, Method.cash, Method.bank_transfer)
_OFFERED_WAYS = (*_METHODS, Method.online_link, Method.patient_credit)
_OFFERED = 100


@router.get("/new")
async def new(screen: Writer, invoice_id: UUID | None = None, method: str = "cash") -> Response:
    """Begin a payment, perhaps of an invoice that is known already, perhaps from the patient's credit."""
    form = screen.form("payment", method=method, invoice_id=invoice_id, surplus="refuse")
    if invoice_id is not None:
        invoice = await screen.gateway.payments.get_invoice(screen.actor, invoice_id)
        amount = invoice.due
        if method == Method.patient_credit:
            credit = await _credit(screen, invoice)
            amount = min(amount, credit, key=lambda one: one.amount)
        form.fill({"amount": decimal_amount(amount)})
    return await _form(screen, form)


@router.post("")
async def take(screen: Writer) -> Response:
    """Take the money; a declined card is an answer that stands in the form."""
    form = await screen.submitted("payment")
    chosen = form.chosen("invoice_id")
    invoice = await screen.gateway.payments.get_invoice(screen.actor, chosen) if chosen else None
    wanted = _collection(form, invoice, screen.person.session.tenant.currency)
    if wanted is None:
        return await _form(screen, form, 422)
    if wanted.method == Method.online_link:
        return await _card_page(screen, form, wanted)
    try:
        payment = await screen.gateway.money.collect(screen.actor, wanted, form.key)
    except StillDeciding:
        message = gettext("The payment is still being decided; it will stand here when it is.")
        return screen.done(message, "/billing", tone="amber")
    except CardDeclined as refusal:
        why = gettext(DECLINES.get(refusal.extra.get("decline_code", ""), refusal.detail))
        return await _form(screen, form.renew().object(f"{why} {gettext('Nothing was charged.')}"), refusal.status)
    except Refusal as refusal:
        # While it is not known whether this took money, sending the form once more must not be another payment.
        form = form if isinstance(refusal, PaymentUnresolved) else form.renew()
        return await _form(screen, form.refuse(refusal, {"amount.currency": "amount"}), refusal.status)
    return screen.done(_taken(payment, wanted), f"/billing/invoices/{wanted.invoice_id}")


async def _card_page(screen: Screen, form: Form, wanted: Collection) -> Response:
    """Lead to the gateway's own page: the card's number is typed there and never comes here."""
    link_id = derived_id("card page", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        link = await screen.gateway.money.link(
            screen.actor, link_id, LinkWrite(invoice_id=wanted.invoice_id, amount=wanted.amount)
        )
    except Refusal as refusal:
        return await _form(screen, form.renew().refuse(refusal, {"amount.currency": "amount"}), refusal.status)
    return screen.page("billing/card_page.html", link=link, invoice_id=wanted.invoice_id, form=screen.form("reminder"))


@router.get("/{payment_id}/capture")
async def ask_how_much(payment_id: UUID, screen: Writer) -> Response:
    """Ask how much of what is reserved on a card is taken."""
    payment = await screen.gateway.payments.get_payment(screen.actor, payment_id)
    return _capture_form(screen, screen.form("capture", amount=decimal_amount(payment.amount)), payment)


@router.post("/{payment_id}/capture")
async def capture(payment_id: UUID, screen: Writer) -> Response:
    """Take all that is reserved on a card, or as much as was typed; the rest is released. A double click takes once."""
    form = await screen.submitted("capture")
    payment = await screen.gateway.payments.get_payment(screen.actor, payment_id)
    in_part = "amount" in form.values
    amount = form.money("amount", payment.amount.currency) if in_part else payment.amount
    if amount and amount.amount > payment.amount.amount:
        form.object(gettext("No more than %(amount)s is reserved") % {"amount": money(payment.amount)}, "amount")
    if amount is None or form.errors["amount"]:
        return _capture_form(screen, form, payment, 422)
    try:
        taken = await screen.gateway.money.capture(screen.actor, payment_id, amount)
    except Refusal as refusal:
        if in_part:
            return _capture_form(screen, form.refuse(refusal, {"amount.currency": "amount"}), payment, refusal.status)
        return screen.done(refused(refusal), _home(payment), tone="red")
    released = released_of(taken)
    words = gettext("Payment taken; %(amount)s is released") if released else gettext("Payment taken")
    return screen.done(words % {"amount": money(released)} if released else words, _home(payment))


def _capture_form(screen: Screen, form: Form, payment: Payment, status: int = 200) -> Response:
    return screen.page("billing/capture.html", http=status, form=form, payment=payment, back=_home(payment))


@router.post("/{payment_id}/void")
async def void(payment_id: UUID, screen: Writer) -> Response:
    """Let go of what is reserved on a card."""
    await screen.submitted("payment-step")
    payment = await screen.gateway.payments.get_payment(screen.actor, payment_id)
    try:
        await screen.gateway.money.void(screen.actor, payment_id)
    except Refusal as refusal:
        return screen.done(refused(refusal), _home(payment), tone="red")
    return screen.done(gettext("The reservation is let go"), _home(payment))


@router.get("/{payment_id}/refund")
async def ask(payment_id: UUID, screen: Refunder) -> Response:
    """Ask how much goes back, and why."""
    payment = await screen.gateway.payments.get_payment(screen.actor, payment_id)
    form = screen.form("refund", amount=decimal_amount(refundable(payment)))
    return await _refund_form(screen, form, payment)


@router.post("/{payment_id}/refund")
async def refund(payment_id: UUID, screen: Refunder) -> Response:
    """Return the money."""
    form = await screen.submitted("refund")
    payment = await screen.gateway.payments.get_payment(screen.actor, payment_id)
    amount, reason = form.money("amount", payment.amount.currency), form.values["reason"].strip()[:500]
    if not reason:
        form.object(gettext("Say why"), "reason")
    if amount is None or not reason:
        return await _refund_form(screen, form, payment, 422)
    try:
        await screen.gateway.money.refund(screen.actor, payment_id, reason, amount, form.key)
    except Refusal as refusal:
        return await _refund_form(screen, form.renew().refuse(refusal), payment, refusal.status)
    return screen.done(gettext("Money returned"), _home(payment))


def _home(payment: Payment) -> str:
    """Tell where a payment is shown."""
    return f"/billing/invoices/{payment.invoice_id}" if payment.invoice_id else "/billing"


async def _form(screen: Screen, form: Form, status: int = 200) -> Response:
    page = await screen.gateway.payments.list_invoices(screen.actor, status=InvoiceStatus.issued, limit=_OFFERED)
    open_ones = {one.id: one for one in page.items if one.due}
    chosen = form.chosen("invoice_id")
    if chosen and chosen not in open_ones:
        open_ones[chosen] = await screen.gateway.payments.get_invoice(screen.actor, chosen)
    people = await naming.patients(screen, (one.patient_id for one in open_ones.values()))
    due = open_ones[chosen].due if chosen else None
    cards = await cards_of(screen)
    credit = await _credit(screen, open_ones[chosen]) if chosen else None
    return screen.page(
        "billing/take.html",
        http=status,
        form=form,
        invoices=[("", gettext("Choose an invoice"))]
        + [(one.id, f"{one.number} · {people[one.patient_id].name} · {money(one.due)}") for one in open_ones.values()],
        amount_hint=gettext("%(amount)s is due") % {"amount": money(due)} if due else "",
        methods=_ways(credit, by_card=bool(cards)),
        surplus=[
            ("refuse", gettext("Take no more than is due")),
            ("back", gettext("Give the rest back, in cash")),
            ("credit", gettext("Keep it as the patient's credit")),
        ],
        cards=cards,
    )


def _way(method: Method, *, by_card: bool) -> Way:
    if method == Method.card and not by_card:
        return Way(Method.online_link.value, "card", gettext("Card"), gettext("At the gateway's own page"))
    return Way(method.value, look(method, "method").icon, look(method, "method").word, "")


async def _refund_form(screen: Screen, form: Form, payment: Payment, status: int = 200) -> Response:
    people = await naming.patients(screen, [payment.patient_id])
    patient = people.get(payment.patient_id) if payment.patient_id else None
    return screen.page("billing/refund.html", http=status, form=form, payment=line(payment, patient))


def _ways(credit: Money | None, *, by_card: bool) -> list[Way]:
    """Offer the methods; the patient's credit where there is some."""
    ways = [_way(one, by_card=by_card) for one in _METHODS]
    if credit:
        shown = look(Method.patient_credit, "method")
        note = gettext("%(amount)s is there") % {"amount": money(credit)}
        ways.append(Way(Method.patient_credit.value, shown.icon, shown.word, note))
    return ways


async def _credit(screen: Screen, invoice: Invoice) -> Money:
    """Tell what is held for an invoice's patient in its currency."""
    balance = await screen.gateway.money.balance(screen.actor, invoice.patient_id)
    return balance.credit_in(invoice.due.currency)


def _taken(payment: Payment, wanted: Collection) -> str:
    """Say that it was taken, and what goes back or is kept."""
    change = wanted.tendered - payment.captured if wanted.tendered else None
    if change:
        return gettext("Payment taken; give back %(amount)s") % {"amount": money(change)}
    if payment.surplus:
        return gettext("Payment taken; %(amount)s is the patient's credit") % {"amount": money(payment.surplus)}
    return gettext("Payment taken")


def _collection(form: Form, invoice: Invoice | None, currency: str) -> Collection | None:
    """Read what is to be taken: of cash that is more than due, the change goes back or is kept as credit."""
    amount = form.money("amount", invoice.due.currency if invoice else currency)
    method = next((one for one in _OFFERED_WAYS if one.value == form.values["method"]), None)
    if invoice is None:
        form.object(gettext("Choose an invoice"), "invoice_id")
    if method is None:
        form.object(gettext("Choose a method"), "method")
    if invoice is None or amount is None or method is None:
        return None
    token = form.values["token"] if method == Method.card else None
    said: dict[str, Any] = {"invoice_id": invoice.id, "method": method, "token": token, "amount": amount}
    if form.values["surplus"] == "credit" and method not in {Method.card, Method.online_link, Method.patient_credit}:
        said["surplus"] = "credit"
    elif form.values["surplus"] == "back" and method == Method.cash:
        due = invoice.due if 0 < invoice.due.amount < amount.amount else amount
        said |= {"amount": due, "tendered": amount}
    return Collection(**said)

"""The staff screens."""

from fastapi import FastAPI

from careconnect.routing import take_in
from web.assets import Assets
from web.pages import (
    absences,
    access,
    appointments,
    attention,
    authorising,
    billing,
    calendar,
    claims,
    clock_changes,
    collecting,
    consultants,
    coverages,
    dashboard,
    discounts,
    drafts,
    drawers,
    feeds,
    gateways,
    history,
    hours,
    leave,
    ledger,
    mending,
    messages,
    mistakes,
    money_check,
    options,
    patients,
    payers,
    paylinks,
    payouts,
    prices,
    public,
    queue,
    receipts,
    reminding,
    reports,
    search,
    series,
    settings,
    signing_in,
    waitlist,
)
from web.pages.faults import tell_people
from web.views import Views


def install(app: FastAPI) -> None:
    """Put the screens into the edge, with the files that they name under `/static`."""
    assets = Assets()
    app.mount("/static", assets, name="static")
    app.state.views = Views(assets)
    modules = (
        dashboard, signing_in, calendar, appointments, access, history, patients, leave, feeds, consultants, hours,
        absences, billing, collecting, paylinks, receipts, drawers, claims, discounts, payouts, ledger, money_check,
        messages, attention, payers, coverages, settings, prices, gateways, reports, search, series, waitlist, public,
        queue, reminding, options, clock_changes, authorising, drafts, mistakes, mending,
    )  # fmt: skip
    take_in(app, (module.router for module in modules))
    tell_people(app)

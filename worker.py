"""The Temporal worker: brings workflows, activities and the services' clients together. Nothing imports it."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

import structlog
import uvicorn
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities import breaker
from activities.absences import AbsenceActivities
from activities.absent_messages import AbsenceMessages
from activities.admission import AdmissionActivities
from activities.appointments import AppointmentActivities
from activities.beside import BesideActivities
from activities.consultants import ConsultantActivities
from activities.differences import DifferenceActivities
from activities.dunning import DunningActivities
from activities.follow_ups import FollowUps
from activities.holding import HoldActivities
from activities.insurance import ClaimActivities, Shares
from activities.money_check import MoneyCheckActivities
from activities.notifications import NotificationActivities
from activities.openings import Openings
from activities.patients import PatientActivities
from activities.payments import PaymentActivities
from activities.processes import Processes
from activities.receipts.composing import Receipts
from activities.receipts.mailing import InvoiceMails
from activities.reports import ReportActivities
from activities.series import SeriesActivities
from activities.slots import SlotActivities
from activities.telling import Telling
from activities.waiting import WaitlistActivities
from careconnect import garbage, temporal
from careconnect.config import Settings
from careconnect.links import SignedLinks
from careconnect.telemetry import configure_logs
from services.appointments.absences.client import AbsencesClient
from services.appointments.client import AppointmentsClient
from services.appointments.holds.client import HoldsClient
from services.appointments.series.client import SeriesClient
from services.appointments.waitlist.client import WaitlistClient
from services.consultants.client import ConsultantsClient
from services.hosting import Services
from services.identity.client import IdentityClient
from services.notifications.client import NotificationsClient
from services.patients.client import PatientsClient
from services.payments.client import PaymentsClient
from services.payments.insurance.client import InsuranceClient
from services.reports.client import ReportsClient
from workflows import ids
from workflows.absence import ConsultantAbsence
from workflows.booking import AppointmentBooking
from workflows.dashboard import DashboardAggregation
from workflows.dunning import InvoiceDunning
from workflows.events import GatewayEvents
from workflows.holding import SlotHold
from workflows.invoice_mail import InvoiceMail
from workflows.matching import WaitlistMatching
from workflows.money_check import MoneyCheck
from workflows.payment import PaymentCapture
from workflows.reminders import AppointmentReminders
from workflows.series import AppointmentSeries
from workflows.waiting import WaitlistEntry

log = structlog.get_logger()

WORKFLOWS = [
    AppointmentBooking, PaymentCapture, AppointmentReminders, DashboardAggregation, GatewayEvents, AppointmentSeries,
    WaitlistEntry, WaitlistMatching, ConsultantAbsence, MoneyCheck, InvoiceDunning, InvoiceMail, SlotHold,
]  # fmt: skip
GRACE = timedelta(seconds=10)
PATIENCE = timedelta(seconds=15)


class Steps:
    """The activities of both task queues; what several of them share is made once."""

    def __init__(self, client: Client, services: Services, settings: Settings) -> None:
        self.client, self.services, self.links = client, services, SignedLinks(settings)
        self.patients, self.consultants = services.client(PatientsClient), services.client(ConsultantsClient)
        self.appointments, self.payments = services.client(AppointmentsClient), services.client(PaymentsClient)
        self.identity, self.messages = services.client(IdentityClient), services.client(NotificationsClient)
        self.waitlist, self.series = services.client(WaitlistClient), services.client(SeriesClient)
        self.absences, self.reports = services.client(AbsencesClient), services.client(ReportsClient)
        self.insurance = services.client(InsuranceClient)
        follow_ups = FollowUps(self.appointments, self.payments, self.consultants)
        self.people = PatientActivities(self.patients)
        self.experts = ConsultantActivities(self.consultants, follow_ups, Shares(self.insurance))
        self.openings = Openings(client, timedelta(seconds=settings.worker.waitlist_interval_seconds))
        self.visits = AppointmentActivities(self.appointments, self.experts, self.openings.freed)
        self.money = PaymentActivities(self.payments, settings.worker.gateway_faults)
        self.told = NotificationActivities(
            self.messages, self.patients, self.consultants, self.appointments, self.identity, self.links
        )
        self.dunning = DunningActivities(self.payments, self.told, self.links)

    def of_bookings(self) -> list[Any]:
        """Give what somebody waits for: the steps of bookings and visits and their money, and what goes with them."""
        people, experts, visits, money, dunning = self.people, self.experts, self.visits, self.money, self.dunning
        admission, beside = AdmissionActivities(self.patients, experts), BesideActivities(self.client)
        slots, differences = SlotActivities(self.consultants, self.appointments), DifferenceActivities(self.payments)
        claims = ClaimActivities(self.insurance, self.payments)
        return [
            admission.admit, beside.start, beside.settle, people.verify, experts.offer, experts.terms, visits.hold,
            visits.confirm, visits.release, visits.step, visits.cancel, visits.move, visits.standing, visits.attend,
            visits.decide_remarks, visits.forget_drafts, money.issue_invoice, money.cancel_invoice,
            money.close_invoices, money.held, money.earn_visit, money.authorise, money.capture, money.void,
            money.refund, money.release, money.standing, money.keep_card, money.forget_card, money.open_page,
            money.look_at_page, money.renew, slots.alternatives, differences.owed, differences.lower, dunning.unpaid,
            self.told.tell, claims.draft, slots.at_start, *self._of_many(),
        ]  # fmt: skip

    def _of_many(self) -> list[Any]:
        """Give what is about several visits, or a time that is nobody's yet: series, waiting list, leave, holds."""
        processes = Processes(self.client)
        series = SeriesActivities(self.series, processes)
        waiting = WaitlistActivities(
            self.client, self.waitlist, self.patients, self.consultants, self.appointments, self.openings
        )
        holds = HoldActivities(self.services.client(HoldsClient), self.patients, self.openings.freed)
        away = AbsenceActivities(self.client, self.absences, self.appointments, self.consultants)
        return [
            processes.book, processes.cancel, processes.move, processes.step, series.plan, series.book, series.skip,
            series.stand, series.targets, self.openings.watch, waiting.join, waiting.offer, waiting.close_offer,
            waiting.close, waiting.match, *away.activities, *holds.activities,
        ]  # fmt: skip

    def of_background(self) -> list[Any]:
        """Give what nobody waits for: messages, figures, checks."""
        telling = Telling(self.links, self.told, self.series, self.waitlist)
        away_told = AbsenceMessages(self.told, self.absences, self.links)
        receipts = Receipts(self.payments, self.patients, self.appointments, self.identity)
        mails = InvoiceMails(receipts, self.messages, self.links)
        audited = (self.patients, self.consultants, self.appointments, self.payments, self.identity, self.messages)
        reports = ReportActivities(self.reports, self.identity, (*audited, self.reports))
        checks = MoneyCheckActivities(self.payments, self.appointments, self.consultants)
        return [
            self.told.tell, telling.offer, telling.series, away_told.tell, self.people.figures, self.experts.figures,
            self.visits.figures, self.money.figures, self.money.finish_events, self.dunning.turn, self.dunning.remind,
            mails.send, *reports.activities, *checks.activities,
        ]  # fmt: skip


def workers(client: Client, services: Services, settings: Settings) -> list[Worker]:
    """Make a worker per task queue, all in this process."""
    steps = Steps(client, services, settings)
    return [_for_bookings(client, steps.of_bookings(), settings), _for_background(client, steps.of_background())]


def _for_bookings(client: Client, activities: list[Any], settings: Settings) -> Worker:
    return Worker(
        client,
        task_queue=ids.BOOKINGS,
        workflows=WORKFLOWS,
        activities=activities,
        # A sandbox would make each workflow's classes anew; the tests run workflows in one. See docs/decisions/0030.
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=settings.worker.workflow_slots,
        max_concurrent_activities=settings.worker.activity_slots,
        max_concurrent_local_activities=settings.worker.activity_slots,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=GRACE,
    )


def _for_background(client: Client, activities: list[Any]) -> Worker:
    return Worker(
        client,
        task_queue=ids.BACKGROUND,
        activities=activities,
        # A burst of bookings brings a burst of messages, and nobody waits for those: they take what the bookings leave.
        max_concurrent_activities=3,
        graceful_shutdown_timeout=GRACE,
    )


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then let what is under way end."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    client = await _connect(settings, stop)
    if client is None:
        return
    async with Services(settings) as services:
        running = workers(client, services, settings)
        health = asyncio.create_task(_serve_health(client, settings))
        tasks: list[asyncio.Task[None]] = [asyncio.create_task(worker.run()) for worker in running]
        garbage.calm()
        log.info("working", queues=[ids.BOOKINGS, ids.BACKGROUND])
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        tasks += [asyncio.create_task(worker.shutdown()) for worker in running]
        ended, left = await asyncio.wait(tasks, timeout=PATIENCE.total_seconds())
        if left:
            # A step that waits for a service that is gone: the engine gives it to the next worker, as after a crash.
            log.warning("left_to_the_next_worker", tasks=len(left))
        health.cancel()
        stopping.cancel()
    for task in ended:
        task.result()


async def _connect(settings: Settings, stop: asyncio.Event) -> Client | None:
    """Wait for the engine: in a cluster it may start after us."""
    port = settings.worker.engine_metrics_port
    metrics = f"{settings.web.host}:{port}" if port else None
    while not stop.is_set():
        try:
            return await temporal.connect(settings, metrics_address=metrics)
        except RuntimeError as error:
            log.warning("engine_unavailable", address=settings.temporal.address, kind=type(error).__name__)
        try:
            await asyncio.wait_for(stop.wait(), 1)
        except TimeoutError:
            continue
    return None


async def _serve_health(client: Client, settings: Settings) -> None:
    """Answer on the worker's own event loop, so that a blocked loop is noticed from outside."""
    if not settings.worker.health_port:
        return

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        missing = await _missing_pollers(client)
        said = {"status": "unavailable" if missing else "ok", "missing": missing, "held_off": breaker.held_off()}
        return JSONResponse(said, 503 if missing else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
    config = uvicorn.Config(
        app,
        host=settings.web.host,
        port=settings.worker.health_port,
        log_config=None,
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)

    await server._serve()  # noqa: SLF001 - `serve` would take over the signals that stop the worker


async def _missing_pollers(client: Client) -> dict[str, str]:
    """Name the task queues that nobody polls."""
    missing = {}
    for queue, kind in (
        (ids.BOOKINGS, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        (ids.BACKGROUND, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    ):
        asked = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        try:
            found = await client.workflow_service.describe_task_queue(asked, timeout=timedelta(seconds=2))
        except RPCError as error:
            missing["temporal"] = error.status.name
        else:
            if not found.pollers:
                missing[queue] = "nobody polls it"
    return missing


def main() -> None:
    """Run the worker as a process."""
    settings = Settings()
    configure_logs(settings.telemetry.log_level)
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            loop.run(run(settings))
    except Exception:
        log.exception("worker_failed")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the engine's client may abort a process that ends the usual way


if __name__ == "__main__":
    main()

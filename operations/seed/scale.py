"""Many more appointments, all of them past, for measurements: more consultants, each with patients of their own."""

import asyncio
import gc
import multiprocessing
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

import uvloop

from careconnect.config import Settings
from operations.seed import appointments, billing, clinic, establish, names, patients
from operations.seed.bulk import Writer, writer
from operations.seed.diary import Booker, chosen, packed
from operations.seed.doctors import Doctor, hired
from operations.seed.fates import Visit, fate
from operations.seed.ground import Ground
from operations.seed.money import account
from operations.seed.people import Group, group
from operations.seed.told import Report, Step
from services.consultants.client import ConsultantsClient

EACH = 2250
"""Appointments of one consultant."""
PATIENTS_EACH = 220
_WEEKS = 52
_AGES = (700.0, 420.0)
_BLOCKS = (("08:30-12:30", "13:30-17:30"), ("09:00-13:00",))
_AHEAD = 2
_TOGETHER = 4
"""Practices whose visits are written at once: each page of an index is then fetched for several rows."""
_TOLD_EVERY = 20_000
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Practice:
    """One consultant's patients and appointments."""

    patients: Group
    visits: list[Visit]


@dataclass(frozen=True)
class Batch:
    """Appointments that are written together; batches are numbered from 0."""

    number: int
    visits: list[Visit]


async def fill(
    settings: Settings, consultants: ConsultantsClient, ground: Ground, missing: int, report: Report
) -> None:
    """Write `missing` appointments beyond those of the demo clinic."""
    doctors = _doctors(ground, -(-missing // EACH))
    with report.step("more consultants") as step:
        for doctor in doctors:
            await establish.hire(consultants, ground, doctor)
        step.count = len(doctors)
    with report.step("more appointments") as step, _without_garbage_collection():
        people = Step("more patients")
        async with _neighbour(settings, ground) as neighbour:
            await _pour(settings, ground, _practices(ground, doctors, missing), neighbour, people, report)
            counts = await neighbour.counts()
        step.count = counts.pop("appointments", 0)
    report.add(people.name, people.count)
    for name, count in counts.items():
        report.add(f"more {name.replace('_', ' ')}", count)


Part = TypeVar("Part")


@dataclass(frozen=True)
class Sink(Generic[Part]):
    """A service, what writes a part into its database, how many do so at once, and what each of them does first."""

    service: str
    write: Callable[[Writer, Part], Coroutine[Any, Any, None]]
    writers: int = 1
    first: Callable[[Writer], Coroutine[Any, Any, None]] | None = None


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Millions of rows that hold no cycles are looked at in vain; it is a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _doctors(ground: Ground, count: int) -> list[Doctor]:
    """Hire as many consultants more as the clinic needs, of its specialities in turn."""
    dice = ground.dice("hiring")
    known = clinic.CONSULTANTS
    hirings = []
    for number in range(count):
        community = dice.choice(names.COMMUNITIES)
        first = dice.choice(community.male + community.female)
        place = tuple(clinic.LOCATIONS)[number % len(clinic.LOCATIONS)]
        hours = (("01234", place, _BLOCKS[0]), ("5", place, _BLOCKS[1]))
        specialty = known[number % len(known)].specialty
        hirings.append(clinic.Hiring(first, dice.choice(community.family), specialty, hours))
    return hired(ground, hirings, first=len(known))


def _practices(ground: Ground, doctors: list[Doctor], missing: int) -> Iterator[Practice]:
    """Make up one practice after the other; a longer run makes up the same ones first."""
    today = datetime.combine(ground.today, time(), tzinfo=ground.zone)
    for number, doctor in enumerate(doctors):
        people = group(ground, f"practice {number}", PATIENTS_EACH, _AGES)
        places = packed(ground, doctor, today - timedelta(weeks=_WEEKS), today)
        kept = chosen(places, (1.0 for _ in places), EACH, ground.dice("practice", number))
        entries = Booker(ground, people).entries(kept)[: missing - number * EACH]
        yield Practice(people, [fate(ground, entry) for entry in entries])


async def _pour(
    settings: Settings,
    ground: Ground,
    practices: Iterator[Practice],
    neighbour: "Neighbour",
    people: Step,
    report: Report,
) -> None:
    """Make up practices, hand each to the neighbour, and write its patients."""
    made = 0

    async def register(into: Writer, practice: Practice) -> None:
        people.count += await patients.write(into, ground, practice.patients, settings.default_country)

    async def handed_over() -> AsyncIterator[Practice]:
        nonlocal made
        for practice in practices:
            await neighbour.take(practice)
            yield practice
            before, made = made, made + len(practice.visits)
            if made // _TOLD_EVERY > before // _TOLD_EVERY:
                report.say(f"{made:,} appointments")

    await _hand_out(settings, ground, handed_over(), [Sink("patients", register)])


class Neighbour:
    """The process that writes appointments and money: making up and writing keep one processor each busy."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    async def take(self, practice: Practice) -> None:
        """Hand a practice over; it waits until the neighbour is ready for it.

        Raises:
            RuntimeError: the neighbour has ended and said why. The next run goes on.
        """
        await self._said(self._line.send, practice)

    async def counts(self) -> dict[str, int]:
        """Say that this was all, and hear how many rows were written, once they are.

        Raises:
            RuntimeError: the neighbour has ended and said why. The next run goes on.
        """
        await self._said(self._line.send, None)
        counts: dict[str, int] = await self._said(self._line.recv)
        return counts

    @staticmethod
    async def _said(how: Callable[..., Any], *what: object) -> Any:
        try:
            return await asyncio.to_thread(how, *what)
        except (EOFError, OSError) as error:
            message = "the process that writes appointments and payments has ended"
            raise RuntimeError(message) from error


@asynccontextmanager
async def _neighbour(settings: Settings, ground: Ground) -> AsyncIterator[Neighbour]:
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_write, args=(settings, ground, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Neighbour(ours)
    finally:
        ours.close()
        process.terminate()
        await asyncio.to_thread(process.join)


def _write(settings: Settings, ground: Ground, line: Connection) -> None:
    """Be the neighbour."""
    with _without_garbage_collection():
        line.send(uvloop.run(_collect(settings, ground, line)))


async def _collect(settings: Settings, ground: Ground, line: Connection) -> dict[str, int]:
    """Write appointments and money side by side; two write money, half of the work, and number invoices in turn."""
    turns: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
    turns[0].set()
    counts: dict[str, int] = defaultdict(int)

    async def arriving() -> AsyncIterator[Batch]:
        number, visits = 0, list[Visit]()
        while (practice := await asyncio.to_thread(line.recv)) is not None:
            visits += practice.visits
            if len(visits) >= _TOGETHER * EACH:
                yield Batch(number, visits)
                number, visits = number + 1, []
        yield Batch(number, visits)

    async def book(into: Writer, batch: Batch) -> None:
        counts["appointments"] += await appointments.write(into, ground, batch.visits, brief=True)

    async def collect(into: Writer, batch: Batch) -> None:
        accounts = [books for visit in batch.visits if (books := account(visit))]
        before, after = turns[batch.number], turns[batch.number + 1]
        for name, count in (await billing.write(into, ground, accounts, brief=True, turn=before.wait)).items():
            counts[name] += count
        after.set()

    sinks = [Sink("appointments", book), Sink("payments", collect, writers=2, first=billing.hold)]
    await _hand_out(settings, ground, arriving(), sinks)
    return dict(counts)


async def _hand_out(
    settings: Settings, ground: Ground, parts: AsyncIterator[Part], sinks: "Sequence[Sink[Part]]"
) -> None:
    """Give each part to one writer of each service, in the order of parts."""
    queues: list[asyncio.Queue[Part | None]] = [asyncio.Queue(_AHEAD) for _ in sinks]
    async with asyncio.TaskGroup() as together:
        for queue, sink in zip(queues, sinks, strict=True):
            for _ in range(sink.writers):
                together.create_task(_sink(settings, ground, queue, sink))
        async for part in parts:
            for queue in queues:
                await queue.put(part)
        for queue, sink in zip(queues, sinks, strict=True):
            for _ in range(sink.writers):
                await queue.put(None)


async def _sink(settings: Settings, ground: Ground, queue: "asyncio.Queue[Part | None]", sink: "Sink[Part]") -> None:
    async with writer(settings, sink.service, ground.tenant_id) as into:
        if sink.first:
            await sink.first(into)
        while (part := await queue.get()) is not None:
            await sink.write(into, part)

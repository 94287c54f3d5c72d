import asyncio
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from careconnect.embedded.child import Child, Launch
from careconnect.embedded.errors import NotReady
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.liveness import Patience
from careconnect.embedded.runtime import Runtime, held, is_running
from careconnect.embedded.supervisor import BackOff, Part, Supervisor

QUICK = Patience(between=0.01, probes=3)
FOREVER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile 1: signal.pause()"
)
PARENT = """
import asyncio, signal, sys
from pathlib import Path
from careconnect.embedded.child import Child, Launch
async def main():
    child = await Child.start(Launch([sys.executable, "-c", sys.argv[1]], Path(sys.argv[2])))
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""


def python(code: str, folder: DataFolder, stop_seconds: float = 20) -> Launch:
    """Give a launch of a small program."""
    return Launch([sys.executable, "-c", code], folder.logs / "part.log", stop_seconds=stop_seconds)


async def comes_up(child: Child) -> bool:
    """Wait until a part says that it is up; False when it ended instead."""
    while "up" not in child.launch.log.read_text():
        if not child.running:
            return False
        await asyncio.sleep(0.01)
    return True


class Rehearsal:
    """A part that tells when it came up."""

    def __init__(self, folder: DataFolder, code: str = FOREVER, name: str = "part") -> None:
        self.came_up: asyncio.Queue[None] = asyncio.Queue()
        self.folder = folder
        self.code = code
        self.part = Part(name, self._launch, self._ready, self._prepare)

    async def _launch(self) -> Launch:
        return python(self.code, self.folder)

    async def _ready(self, child: Child) -> None:
        if not await comes_up(child):
            raise NotReady("The part stopped while starting.")

    async def _prepare(self) -> None:
        self.came_up.put_nowait(None)


@pytest.fixture
def supervisor(folder: DataFolder) -> Supervisor:
    """Make a supervisor that keeps what it says to itself."""
    said: list[str] = []
    return Supervisor(folder, Runtime(), said.append)


def pid_of(supervisor: Supervisor, name: str = "part") -> int:
    """Give the recorded process of a part."""
    record = Runtime.read(supervisor.folder).parts[name].process
    assert record
    return record.pid


def test_waits_double_up_to_the_longest() -> None:
    back_off = BackOff()
    assert [back_off.after(0) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_a_healthy_life_makes_the_wait_short_again() -> None:
    back_off = BackOff()
    for _ in range(5):
        back_off.after(1)
    assert back_off.after(30) == 0.2


async def test_a_part_that_is_killed_comes_back_and_the_record_says_so(
    supervisor: Supervisor, folder: DataFolder
) -> None:
    rehearsal = Rehearsal(folder)
    await supervisor.start(rehearsal.part)
    await rehearsal.came_up.get()
    first = pid_of(supervisor)
    os.kill(first, signal.SIGKILL)
    await rehearsal.came_up.get()
    await supervisor.stop("part")
    record = Runtime.read(folder).parts["part"]
    assert (record.restarts, record.state, record.process) == (1, "stopped", None)
    assert not psutil.pid_exists(first)


async def test_a_part_that_hangs_is_ended_and_comes_back(folder: DataFolder) -> None:
    """It lives, and so no death would ever be noticed."""
    said: list[str] = []
    supervisor = Supervisor(folder, Runtime(), said.append, patience=QUICK)
    rehearsal = Rehearsal(folder)
    replies = iter([True, False, False, True, False, False, False])

    async def answers() -> bool:
        return next(replies, True)

    await supervisor.start(replace(rehearsal.part, answers=answers))
    await rehearsal.came_up.get()
    first = pid_of(supervisor)
    await rehearsal.came_up.get()
    assert pid_of(supervisor) != first
    assert not psutil.pid_exists(first)
    assert re.fullmatch(r"part has not answered for \d s \(its process is sleeping\) and is ended", said[0])
    await supervisor.stop("part")
    record = Runtime.read(folder).parts["part"]
    assert (record.restarts, record.reason[:14]) == (1, "did not answer")


async def test_a_part_that_does_not_come_up_fails_the_start(supervisor: Supervisor, folder: DataFolder) -> None:
    with pytest.raises(NotReady):
        await supervisor.start(Rehearsal(folder, "raise SystemExit(3)").part)
    await supervisor.stop("part")


async def test_the_failure_of_one_part_ends_the_start_of_all(supervisor: Supervisor, folder: DataFolder) -> None:
    slow = Rehearsal(folder, "import signal; signal.pause()", "slow")
    with pytest.raises(NotReady):
        await supervisor.start(slow.part, Rehearsal(folder, "raise SystemExit(3)", "broken").part)
    pid = pid_of(supervisor, "slow")
    await supervisor.stop("slow", "broken")
    assert not psutil.pid_exists(pid)


async def test_a_part_that_ignores_the_request_to_stop_is_killed(folder: DataFolder) -> None:
    child = await Child.start(python(STUBBORN, folder, stop_seconds=0.1))
    assert await comes_up(child)
    assert await child.stop() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_children_die_with_a_parent_that_is_killed(folder: DataFolder) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, FOREVER, str(folder.logs / "child.log"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    assert not psutil.wait_procs([child], timeout=10)[1]


async def test_what_a_killed_supervisor_left_is_ended_by_its_record(folder: DataFolder, supervisor: Supervisor) -> None:
    rehearsal = Rehearsal(folder)
    await supervisor.start(rehearsal.part)
    pid = pid_of(supervisor)
    keeper = supervisor._keepers["part"]  # noqa: SLF001 - the test plays the death of the supervisor
    keeper.cancel()
    await asyncio.to_thread(Runtime.read(folder).end_leftovers)
    await supervisor.stop("part")
    assert not psutil.pid_exists(pid)


def test_a_process_number_that_was_used_again_is_left_alone() -> None:
    ourselves = Runtime.model_validate({"parts": {"part": {"process": {"pid": os.getpid(), "started": 1.0}}}})
    ourselves.end_leftovers()
    assert ourselves.parts["part"].process
    assert ourselves.parts["part"].process.find() is None


def test_a_folder_is_held_by_one_supervisor_at_a_time(folder: DataFolder) -> None:
    assert not is_running(folder)
    with held(folder):
        assert is_running(folder)
    assert not is_running(folder)


def test_a_damaged_record_is_no_reason_not_to_start(folder: DataFolder) -> None:
    folder.runtime.write_text('{"state": "unheard of"}')
    assert Runtime.read(folder).state == "stopped"


def test_logs_that_grow_large_are_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from careconnect.embedded import child  # noqa: PLC0415 - its limit is changed here

    monkeypatch.setattr(child, "LOG_LIMIT", 3)
    log = tmp_path / "part.log"
    for text in ("one", "two", "three", "four", "five"):
        log.write_text(text)
        child.rotate(log)
    assert [log.with_name(f"part.log.{number}").read_text() for number in (1, 2, 3)] == ["five", "four", "three"]

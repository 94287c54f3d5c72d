import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from careconnect.embedded.account import Account

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 20 * 1024 * 1024
LOGS_KEPT = 3


@dataclass(frozen=True)
class Launch:
    """How a part is started: the command, its surroundings, and the signal that asks it to stop."""

    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0


class Child:
    """A running process that belongs to this one: it is asked to stop when this one dies, however it dies."""

    def __init__(self, launch: Launch, process: asyncio.subprocess.Process) -> None:
        self.launch = launch
        self.process = process

    @classmethod
    async def start(cls, launch: Launch) -> "Child":
        """Start the process; its output goes to the end of its log. Must run in the main thread (see `_leash`)."""
        account = launch.account
        with launch.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *launch.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(launch.env),
                cwd=launch.cwd,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,
                preexec_fn=_leash(launch.stop_signal),
            )
        return cls(launch, process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives, as far as this loop has been told."""
        return self.process.returncode is None

    async def wait(self) -> int:
        """Wait for the end and give the exit code; negative for a signal."""
        return await self.process.wait()

    async def stop(self) -> int:
        """Ask the process to stop, insist after its time is up, and return its exit code.

        One that was suspended goes on first, or it would not hear.
        """
        self._send(self.launch.stop_signal)
        self._send(signal.SIGCONT)
        try:
            return await asyncio.wait_for(self.process.wait(), self.launch.stop_seconds)
        except TimeoutError:
            self._send(signal.SIGKILL)
            return await self.process.wait()

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


def rotate(log: Path) -> None:
    """Move a log that has grown large aside, keeping a few old ones."""
    if not log.exists() or log.stat().st_size < LOG_LIMIT:
        return
    for number in range(LOGS_KEPT, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if newer.exists():
            newer.replace(older)


def tail(log: Path, lines: int = 5) -> str:
    """Give the last lines of a log, for a sentence about what went wrong."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _leash(number: signal.Signals) -> Callable[[], None] | None:
    """Make Linux send this signal to the child when the thread that started it dies (prctl(2)).

    Runs after the change of account, which would clear it. Elsewhere the next start cleans up by recorded process id.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def hold() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return hold

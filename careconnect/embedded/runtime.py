"""What an instance is doing now: the supervisor writes it, `status`, `down` and the next `up` read it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import Any, Literal, TextIO

import psutil
from pydantic import BaseModel, Field, ValidationError

from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import PRIVATE_FILE, DataFolder, read_json, write_json

State = Literal["starting", "ready", "silent", "restarting", "stopping", "stopped", "failed"]
CLEAN_UP_SECONDS = 15.0


class ProcessRecord(BaseModel):
    """A process, told apart from a later one with the same number by when it began (seconds since the epoch)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessRecord":
        """Record a process that lives now."""
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Find the process, if it is still this one."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class PartRecord(BaseModel):
    """One part: its process, how it fares, how often it was restarted, how it last ended and, if it hung, why."""

    state: State = "starting"
    process: ProcessRecord | None = None
    restarts: int = 0
    last_exit: int | None = None
    reason: str = ""


class Runtime(BaseModel):
    """The whole instance."""

    state: State = "stopped"
    reason: str = ""
    supervisor: ProcessRecord | None = None
    urls: dict[str, str] = Field(default_factory=dict)
    ports: dict[str, int] = Field(default_factory=dict)
    parts: dict[str, PartRecord] = Field(default_factory=dict)

    @classmethod
    def read(cls, folder: DataFolder) -> "Runtime":
        """Read what was last written; an empty record when there is none that can be read."""
        try:
            return cls.model_validate(read_json(folder.runtime))
        except ValidationError:
            return cls()

    def write(self, folder: DataFolder) -> None:
        """Write for the others to read."""
        write_json(folder.runtime, self.model_dump(mode="json"))

    def memory(self, part: str) -> int | None:
        """Give the bytes that a part occupies with its children; None when it does not run."""
        record = self.parts[part].process
        process = record.find() if record else None
        if process is None:
            return None
        total = 0
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += _share(member)
        return total

    def end_leftovers(self) -> None:
        """End what an earlier supervisor left behind when it was killed."""
        left = [found for part in self.parts.values() if part.process and (found := part.process.find())]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(left, CLEAN_UP_SECONDS)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def is_running(folder: DataFolder) -> bool:
    """Whether a supervisor holds this folder now."""
    if not folder.lock.exists():
        return False
    with folder.lock.open("r+") as file:
        return not _lock(file)


@contextlib.contextmanager
def held(folder: DataFolder) -> Iterator[None]:
    """Hold the folder for this process; the hold ends with the process, however it ends."""
    with os.fdopen(os.open(folder.lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE), "r+") as file:
        if not _lock(file):
            raise CannotStart(f"Another start holds {folder.root}: wait for it, or stop it with `careconnect down`.")
        yield


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _share(process: psutil.Process) -> int:
    """Give the memory of a process, where known with only its share of what it has in common with others."""
    info: Any = process.memory_full_info()
    return int(getattr(info, "pss", info.rss))

"""Starting an instance in this process or beside it, finding it again, and asking it to stop."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

from careconnect.embedded.child import rotate
from careconnect.embedded.errors import CannotStart, NotReady
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.instance import Instance, Options, announcement
from careconnect.embedded.parts import COMMAND
from careconnect.embedded.runtime import Runtime, held, is_running

POLL_SECONDS = 0.05
STOP_SECONDS = 90.0


def run(options: Options, say: Callable[[str], None]) -> None:
    """Run an instance in this process until it is asked to stop."""
    options.folder.create()
    if is_running(options.folder):
        say(_already(options.folder))
        return
    with held(options.folder):
        asyncio.run(Instance(options, os.environ, say).run())


def run_detached(options: Options, say: Callable[[str], None]) -> None:
    """Start an instance that outlives this process, and return once it is ready."""
    folder = options.folder
    folder.create()
    if is_running(folder):
        _wait_until_ready(folder, lambda: is_running(folder))
        say(_already(folder))
        return
    log = folder.logs / "up.log"
    rotate(log)
    with log.open("ab") as output:
        began = output.tell()
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, "up", *_arguments(options)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    if not _wait_until_ready(folder, lambda: process.poll() is None, pid=process.pid):
        process.wait()
        said = log.read_bytes()[began:].decode(errors="replace").strip()
        refusal = NotReady(said or f"The start ended with {process.returncode}; see {folder.logs}.")
        refusal.exit_code = process.returncode or NotReady.exit_code
        raise refusal
    say(announcement(folder, Runtime.read(folder).urls))


def stop(folder: DataFolder) -> bool:
    """Ask a running instance to stop and wait until it has. Tells whether there was one."""
    if not is_running(folder):
        return False
    supervisor = Runtime.read(folder).supervisor
    process = supervisor.find() if supervisor else None
    if process:
        process.send_signal(signal.SIGTERM)
    for _ in _until(STOP_SECONDS):
        if not is_running(folder):
            return True
    raise CannotStart(f"The instance in {folder.root} did not stop within {STOP_SECONDS:.0f} s; see {folder.logs}.")


def _wait_until_ready(folder: DataFolder, lives: Callable[[], bool], pid: int | None = None) -> bool:
    """Wait for the supervisor (this one, if a pid is given) to be ready. False when it ended instead."""
    while lives():
        runtime = Runtime.read(folder)
        ours = runtime.supervisor is not None and pid in {None, runtime.supervisor.pid}
        if ours and runtime.state == "ready":
            return True
        time.sleep(POLL_SECONDS)
    return False


def _until(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(POLL_SECONDS)


def _already(folder: DataFolder) -> str:
    return "It is already running.\n" + announcement(folder, Runtime.read(folder).urls)


def _arguments(options: Options) -> list[str]:
    arguments = ["--data", str(options.folder.root)]
    if options.port:
        arguments += ["--port", str(options.port)]
    if options.temporal_port:
        arguments += ["--temporal-port", str(options.temporal_port)]
    return arguments if options.seed else [*arguments, "--no-seed"]

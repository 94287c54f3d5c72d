"""The repository speaks of itself alone, and its commands can be run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.project.checkout import ROOT, name_of, program, tracked

# Written in two halves, or this very file would hold what it looks for.
REGISTRIES = [
    "py" + "pi.org",
    "files.python" + "hosted.org",
    "registry.npm" + "js.org",
    "registry.yarn" + "pkg.com",
    "docker" + ".io",
    "gh" + "cr.io",
    "qu" + "ay.io",
]
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home)/\w")
COMMANDS = [*sorted((ROOT / "bin").iterdir()), ROOT / ".ci/run", ROOT / "infra/compose/keys"]
SCRIPTS = [*COMMANDS, *sorted(ROOT.glob("infra/**/*.sh"))]


def text_of(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError:
        return ""


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = [(name_of(file), host) for file in tracked() for host in REGISTRIES if host in text_of(file)]
    assert found == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    mine = Path(__file__)
    found = [name_of(file) for file in tracked() if file != mine and MACHINE_PATH.search(text_of(file))]
    assert found == []


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_a_command_can_be_run(command: Path) -> None:
    assert os.access(command, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_script_is_well_formed(script: Path) -> None:
    shell = script.read_text().splitlines()[0].rpartition("/")[2].removeprefix("env ")
    subprocess.run([shell, "-n", script], check=True)  # noqa: S603 - our own script, read and not run


def test_every_template_passes_its_lint() -> None:
    told = subprocess.run(  # noqa: S603 - fixed words
        [program("djlint"), "web/templates", "--lint", "--quiet"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (told.returncode, told.stdout.strip()) == (0, "")

import subprocess
import sys
from pathlib import Path

import pytest

from careconnect.embedded import ports, version
from careconnect.embedded.errors import MissingRight, PortInUse, WrongVersion
from careconnect.embedded.folder import DataFolder, write_json


def careconnect(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "careconnect.cli", *arguments], capture_output=True, text=True, check=False
    )


def test_a_port_in_use_names_the_option_that_chooses_another(busy_port: int) -> None:
    with pytest.raises(PortInUse, match=f"Port {busy_port} is in use.*choose another with --port N"):
        ports.require_free(busy_port, "--port")


def test_a_picked_port_is_free_and_not_taken(busy_port: int) -> None:
    first = ports.pick(busy_port)
    assert first != busy_port
    assert ports.is_free(first)
    assert ports.pick(first, taken=[first]) != first


def test_a_preferred_port_that_is_free_is_kept() -> None:
    free = ports.pick()
    assert ports.pick(free) == free


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingRight, match="choose another with --data DIR"):
        DataFolder.at(tmp_path / "file" / "data").create()


def test_a_folder_of_a_newer_product_says_what_to_do(folder: DataFolder) -> None:
    write_json(folder.version, {"product": "9.0.0", "migrations": ["patients/9999_later"]})
    with pytest.raises(WrongVersion, match=r"written by Care-Connect 9\.0\.0, which is newer.*--data DIR"):
        version.Stamp.read(folder)


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_a_refused_start_prints_one_sentence_and_exits_with_its_code(
    tmp_path: Path, busy_port: int, detach: list[str]
) -> None:
    done = careconnect("up", "--data", str(tmp_path / "data"), "--port", str(busy_port), *detach)
    assert done.returncode == PortInUse.exit_code
    assert done.stderr.startswith(f"Port {busy_port} is in use")
    assert "Traceback" not in done.stderr


def test_down_where_nothing_runs_says_so_and_is_content(tmp_path: Path) -> None:
    done = careconnect("down", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, f"Nothing runs in {tmp_path}.\n")


def test_status_of_nothing_is_not_success(tmp_path: Path) -> None:
    assert careconnect("status", "--data", str(tmp_path), "--json").returncode == 3


def test_the_version_is_printed() -> None:
    assert careconnect("--version").stdout == f"careconnect {version.product()}\n"

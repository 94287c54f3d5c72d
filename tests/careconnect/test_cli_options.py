"""Which instance a command is about, when nobody gives its data folder."""

import os
from pathlib import Path

import pytest

from careconnect.cli.options import VARIABLE, enter
from careconnect.embedded import environment
from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import DataFolder

DATABASE = "CARECONNECT_DATABASE__PATIENTS"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what an instance was started with, and nothing of the caller's own."""
    for key in [*environment.DATABASE_KEYS, "CARECONNECT_SERVICES__PATIENTS"]:
        monkeypatch.setenv(key, "")
    folder = DataFolder.at(tmp_path)
    folder.create()
    environment.save(folder, {DATABASE: "saved"})
    monkeypatch.setenv(VARIABLE, str(tmp_path))


@pytest.mark.usefixtures("instance")
def test_a_variable_that_names_no_part_leaves_the_data_folder_in_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARECONNECT_WEB__REQUESTS_PER_SECOND", "5")
    enter(None)
    assert os.environ[DATABASE] == "saved"


@pytest.mark.usefixtures("instance")
@pytest.mark.parametrize("key", [DATABASE, "CARECONNECT_SERVICES__PATIENTS", "CARECONNECT_DATABASE__OWNER"])
def test_who_names_a_database_or_a_service_needs_no_data_folder(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(key, "elsewhere")
    enter(None)
    assert os.environ[DATABASE] != "saved"


def test_a_folder_without_an_instance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in environment.DATABASE_KEYS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("CARECONNECT_TELEMETRY__LOG_LEVEL", "debug")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(CannotStart):
        enter(None)

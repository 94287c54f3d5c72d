"""The one distribution: what is in it, and that its plain root names mean this checkout."""

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.project.checkout import ROOT, name_of, python_files

ROOTS = ("web", "services", "workflows", "activities", "careconnect", "operations", "worker")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", ROOTS)
def test_a_root_name_means_the_folder_of_this_checkout(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__) in {ROOT / name / "__init__.py", ROOT / f"{name}.py"}


def test_all_roots_and_nothing_else_are_in_the_distribution(project: dict[str, Any]) -> None:
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert sorted(included) == sorted([*ROOTS[:-1], "worker.py"])


def test_no_index_takes_the_distribution_by_mistake(project: dict[str, Any]) -> None:
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]


def test_every_test_folder_is_a_package_or_it_would_shadow_the_code() -> None:
    folders = {file.parent for file in python_files("tests")}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []

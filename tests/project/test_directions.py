"""The laws of direction that import-linter cannot say; the others are in pyproject.toml."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.checkout import ROOT, name_of, parsed, python_files

# A service is known to others by its client, its wire models, its refusals, and the words that these are made of.
FACE = re.compile(
    r"services\.(?:hosting|[a-z]+\.(?:(?:series|waitlist|absences|feeds|holds|insurance|closings|reach|utilisation)\.)?"
    r"(?:client|schemas|errors|states|roles|sources|accounts|rule|fitting|references|numbers|prices))(?:\.|$)"
)
OTHERS = ("web", "workflows", "activities", "careconnect", "worker.py")


def test_a_service_is_known_to_others_by_its_face_alone() -> None:
    pairs = ((name_of(file), module) for file in python_files(*OTHERS) for module in imports(file))
    services = ((file, module) for file, module in pairs if module.startswith("services."))
    assert [(file, module) for file, module in services if not FACE.match(module)] == []


def imports(file: Path) -> Iterator[str]:
    """List what a file imports, each name in full."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_imports_the_worker_but_the_command_that_starts_it() -> None:
    asked = re.compile(r"^\s*(?:import worker\b|from worker import)", re.MULTILINE)
    files = python_files("careconnect", "services", "activities", "workflows", "web", "operations")
    assert [name_of(file) for file in files if asked.search(file.read_text())] == ["careconnect/cli/processes.py"]


def test_there_is_no_drawer_for_helpers() -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"}
    found = [name_of(file) for file in python_files() if file.name in drawers]
    assert found == []
    services = [name_of(file) for file in python_files("services", "activities", "web") if file.name == "service.py"]
    assert services == []


def test_pages_and_rest_know_the_contracts_of_the_workflows_alone() -> None:
    pairs = ((name_of(file), module) for file in python_files("web/pages", "web/api") for module in imports(file))
    processes = [(file, module) for file, module in pairs if module.startswith(("workflows.", "activities."))]
    assert [(file, module) for file, module in processes if not module.startswith("workflows.contracts.")] == []


def test_every_module_of_the_workflows_has_its_place_in_the_layers() -> None:
    layers = (ROOT / "pyproject.toml").read_text().partition("layers = [")[2].partition("]")[0]
    modules = {file.relative_to(ROOT / "workflows").parts[0].removesuffix(".py") for file in python_files("workflows")}
    assert modules - {"__init__"} <= set(re.findall(r"workflows\.(\w+)", layers))

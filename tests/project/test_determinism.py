"""A workflow does the same when it is replayed: no module of `workflows` asks for time, chance or the world outside."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.checkout import parsed

MODULES = sorted(Path("workflows").rglob("*.py"))
IMPORTED = frozenset(
    {
        "asyncio", "collections.abc", "dataclasses", "datetime", "enum", "functools", "itertools", "math", "typing",
        "uuid", "zoneinfo", "pydantic", "temporalio", "workflows", "activities", "careconnect", "services",
    }
)  # fmt: skip
"""What may be imported: nothing of it does anything when it is imported, and none of it is chance or the clock but for
what follows."""
UNSTEADY = frozenset({"careconnect.clock", "careconnect.db", "careconnect.temporal", "careconnect.client"})
NAMES = frozenset(
    {"uuid1", "uuid4", "uuid7", "open", "input", "id", "hash", "exec", "eval", "__import__", "globals", "print"}
)
"""What answers differently the next time, or speaks to the world."""
METHODS = frozenset({"now", "today", "utcnow", "time", "monotonic", "perf_counter", "uuid1", "uuid4", "uuid7"})
RACES = frozenset({"wait", "as_completed", "to_thread", "run_in_executor", "run", "new_event_loop"})
"""asyncio's functions whose order, or whose threads, the engine does not know (`workflow.wait` and the like do)."""


def faults(tree: ast.AST) -> Iterator[str]:
    """Find what would not be the same at a replay."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"{line}: imports {name}" for name in _imported(node) if not _may_be_imported(name))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
            yield f"{line}: calls {node.func.id}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            forbidden = (
                RACES if owner == "asyncio" else METHODS if owner not in {"workflow", "self"} else frozenset[str]()
            )
            if node.func.attr in forbidden:
                yield f"{line}: calls {owner}.{node.func.attr}"
        elif isinstance(node, ast.Global):
            yield f"{line}: changes what other workflows see"
        elif isinstance(node, ast.For | ast.comprehension) and _is_set(node.iter):
            yield f"{node.iter.lineno}: goes through a set, whose order differs from process to process"


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    return [str(node.module), *(f"{node.module}.{one.name}" for one in node.names)]


def _may_be_imported(name: str) -> bool:
    if name in UNSTEADY or name.rpartition(".")[2] in NAMES:
        return False
    return any(name == known or name.startswith(f"{known}.") for known in IMPORTED)


def _is_set(what: ast.expr) -> bool:
    made = isinstance(what, ast.Call) and isinstance(what.func, ast.Name) and what.func.id in {"set", "frozenset"}
    return made or isinstance(what, ast.Set | ast.SetComp)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_workflow_is_the_same_at_every_replay(module: Path) -> None:
    assert list(faults(parsed(module))) == []


@pytest.mark.parametrize(
    "line",
    ["import random", "import time", "from uuid import uuid4", "from careconnect import clock", "datetime.now(UTC)",
     "asyncio.wait(tasks)", "for one in {1, 2}: pass", "[one for one in set(found)]", "def count():\n global seen",
     "open('x')", "from careconnect.ids import uuid7", "import os.path", "date.today()"],
)  # fmt: skip
def test_the_check_knows_what_is_not_the_same(line: str) -> None:
    assert list(faults(ast.parse(line)))


def test_the_engines_own_time_is_the_same() -> None:
    assert (
        list(faults(ast.parse("from temporalio import workflow\nworkflow.now()\nself.now()\nworkflow.uuid4()"))) == []
    )

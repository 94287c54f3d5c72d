"""Sizes that keep the code liveable: all of them are printed, only a module that has outgrown its idea fails."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.project.checkout import CODE, name_of, parsed, python_files

LONGEST_MODULE = 400


def modules(*below: str) -> list[tuple[int, str]]:
    """Count the lines of each module, the longest first; migrations tell of one moment and never grow."""
    files = (file for file in python_files(*below) if "migrations" not in file.parts)
    return sorted(((len(file.read_text().splitlines()), name_of(file)) for file in files), reverse=True)


def functions(file: Path) -> Iterator[tuple[int, str]]:
    """Count the lines of each function, its signature and docstring left out."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield lines, f"{name_of(file)}:{node.lineno} {node.name}"


def test_no_module_is_longer_than_four_hundred_lines(capsys: pytest.CaptureFixture[str]) -> None:
    code = modules(*CODE)
    bodies = sorted((one for file in python_files(*CODE) for one in functions(file)), reverse=True)
    with capsys.disabled():
        print()  # noqa: T201 - these figures are for people
        for kind, sizes in (("code modules", code), ("test modules", modules("tests")), ("functions", bodies)):
            print(told(kind, sizes))  # noqa: T201 - the same
    assert [name for lines, name in [*code, *modules("tests")] if lines > LONGEST_MODULE] == []


def told(kind: str, sizes: Sequence[tuple[int, str]]) -> str:
    """Tell one line of figures: how many, the middle, the tenth that is longest, the longest."""
    lines = [size for size, _ in sizes]
    longest = ", ".join(f"{name} ({size})" for size, name in sizes[:3])
    return f"{kind}: {len(lines)}, median {median(lines):.0f}, p90 {quantiles(lines, n=10)[-1]:.0f}, longest {longest}"

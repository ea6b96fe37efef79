"""The layers: imports run downward, the core imports no extra, and importing has no side effects."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "tickframe"

LEVELS = {
    "errors": 0,
    "extras": 0,
    "process": 0,
    "catalogue": 0,
    "location": 0,
    "arrow_to_pandas": 0,
    "wire": 1,
    "settings": 1,
    "sandbox": 2,
    "plan": 2,
    "accessor": 2,
    "http": 3,
    "cache": 3,
    "run": 4,
    "export": 5,
    "query": 6,
    "functions": 7,
    "client": 7,
    "cli": 8,
    "compat": 8,
    "dask": 8,
    "decode": 8,
    "__init__": 9,
    "__main__": 9,
}

# What the API asks for: a way out to a cluster. Imported where it is used.
DOORS_UP = {("query", "dask")}

SANDBOX_MAY_IMPORT = {"catalogue", "errors", "wire"}
EXTRAS = {"typer", "rich", "starlette", "uvicorn", "keyring", "polars", "duckdb", "matplotlib", "dask", "distributed"}


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def imports() -> set[tuple[str, str]]:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for name in imported(path):
            top, _, rest = name.partition(".")
            if top == "tickframe" and rest:
                target = rest.split(".")[0]
                target = target if target in LEVELS else "__init__"
                found.add((module_of(path), target))
    return {(source, target) for source, target in found if source != target}


def test_every_module_has_a_level() -> None:
    modules = {module_of(path) for path in PACKAGE.rglob("*.py")}
    assert modules == set(LEVELS)


def test_imports_run_downward_without_a_cycle() -> None:
    upward = {(source, target) for source, target in imports() if LEVELS[source] < LEVELS[target]}
    assert upward == UPWARD
    below: dict[str, set[str]] = {}
    for source, target in imports() - UPWARD:
        below.setdefault(source, set()).add(target)

    def reach(start: str, seen: frozenset[str]) -> None:
        for target in below.get(start, ()):
            assert target not in seen, f"{target} imports itself through {seen}"
            reach(target, seen | {target})

    for start in LEVELS:
        reach(start, frozenset({start}))


def test_the_sandbox_shares_only_the_protocol_with_the_client() -> None:
    assert {target for source, target in imports() if source == "sandbox"} <= SANDBOX_MAY_IMPORT


def test_modules_are_short() -> None:
    long = {path.name for path in PACKAGE.rglob("*.py") if len(path.read_text().splitlines()) > 400}
    assert long <= {"functions.py"}


@pytest.mark.parametrize("module", ["tickframe", "tickframe.sandbox"])
def test_importing_has_no_side_effects(module: str) -> None:
    """Importing prints nothing, starts no thread, opens no socket, and imports no extra that is not needed."""
    needed = {"starlette", "uvicorn"} if module == "tickframe.sandbox" else set()
    script = f"""
import sys, threading, socket
def refuse(*arguments, **options): raise AssertionError("a socket at import")
socket.socket.connect = socket.socket.bind = refuse
import {module}
assert threading.active_count() == 1, threading.enumerate()
extras = sorted({EXTRAS - needed!r} & set(sys.modules))
assert not extras, extras
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

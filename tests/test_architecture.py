"""Imports run downward through the layers that CONTRIBUTING lists, the core imports no extra, an import is quiet."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "src" / "tickframe"

# What the sandbox shares with the client: it is a second reading of the protocol.
SANDBOX_MAY_IMPORT = {"catalogue", "errors", "wire"}
EXTRAS = {"typer", "rich", "starlette", "uvicorn", "keyring", "polars", "duckdb", "matplotlib", "dask", "distributed"}
# What an extra is imported under, where that is inside a function.
EXTRA_GUARD = "needs_extra"

Import = tuple[str, str]


def layers() -> list[list[str]]:
    """Return the modules of each layer from the bottom up, as CONTRIBUTING lists them."""
    block = re.search(
        r"^## Layers\n.*?```text\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert block is not None
    return [line.split() for line in reversed(block[1].splitlines())]


def module_of(path: Path, package: Path) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{name.name}" for name in node.names)


def imports(package: Path) -> Iterator[tuple[Path, ast.AST, Import]]:
    """Return every import between modules of the package, wherever in a file it is."""
    known = {module for layer in layers() for module in layer}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for name in names_in(node):
                top, _, rest = name.partition(".")
                target = rest.split(".")[0]
                if top == "tickframe" and target in known and target != module_of(path, package):
                    yield path, node, (module_of(path, package), target)


def not_downward(package: Path) -> set[Import]:
    """Return the imports that run upward, or sideways within a layer."""
    level = {module: at for at, layer in enumerate(layers()) for module in layer}
    return {(source, target) for _, _, (source, target) in imports(package) if level.get(source, -1) <= level[target]}


def circles(package: Path) -> list[tuple[str, ...]]:
    """Return the circles of imports between the files of the package."""
    files = {
        ".".join(("tickframe", *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in package.rglob("*.py")
    }
    below: dict[str, set[str]] = {}
    for name, path in files.items():
        for node in ast.walk(ast.parse(path.read_text())):
            for imported in names_in(node):
                target = imported if imported in files else imported.rpartition(".")[0]
                if target in files and target != name:
                    below.setdefault(name, set()).add(target)
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            found.append((*trail[trail.index(name) :], name))
        elif name not in done:
            for target in sorted(below.get(name, ())):
                visit(target, (*trail, name))
            done.add(name)

    for name in files:
        visit(name, ())
    return found


def hidden(package: Path) -> list[str]:
    """Return the imports of the package's own modules inside functions, but for those of an extra."""
    found = []
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text())
        guarded = {
            node
            for block in ast.walk(tree)
            if isinstance(block, ast.With)
            and any(EXTRA_GUARD in ast.unparse(item.context_expr) for item in block.items)
            for node in ast.walk(block)
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [
                    f"{path.relative_to(package)}:{node.lineno}"  # type: ignore[attr-defined]
                    for node in ast.walk(function)
                    if node not in guarded and any(name.split(".")[0] == "tickframe" for name in names_in(node))
                ]
    return found


def test_every_module_is_in_one_layer() -> None:
    listed = [module for layer in layers() for module in layer]
    assert sorted(listed) == sorted({module_of(path, PACKAGE) for path in PACKAGE.rglob("*.py")})


def test_imports_run_downward() -> None:
    assert not_downward(PACKAGE) == set()


def test_no_import_is_part_of_a_circle() -> None:
    assert circles(PACKAGE) == []


def test_no_import_hides_in_a_function() -> None:
    assert hidden(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line", "check"),
    [
        ("errors.py", "import tickframe.client\n", not_downward),
        ("plan/part.py", "from tickframe.settings import Settings\n", not_downward),
        ("cache/key.py", "from tickframe.cache import store\n", circles),
        ("query.py", "def later():\n    from tickframe.plan import part\n", hidden),
    ],
    ids=["upward", "sideways", "circle", "hidden"],
)
def test_a_wrong_import_is_found(tmp_path: Path, file: str, line: str, check: object) -> None:
    package = tmp_path / "tickframe"
    for path in PACKAGE.rglob("*.py"):
        copy = package / path.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    assert not check(package)  # type: ignore[operator]
    with (package / file).open("a") as module:
        module.write(f"\n\n{line}")
    assert check(package)  # type: ignore[operator]


def test_the_sandbox_shares_only_the_protocol_with_the_client() -> None:
    shared = {target for _, _, (source, target) in imports(PACKAGE) if source == "sandbox"}
    assert shared <= SANDBOX_MAY_IMPORT


def test_modules_stay_readable() -> None:
    """A module has at most 400 lines of logic; docstrings and data do not count."""
    long = {}
    for path in PACKAGE.rglob("*.py"):
        if path.name.endswith("_pb2.py"):
            continue
        tree = ast.parse(path.read_text())
        prose = {
            line
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        lines = [line for at, line in enumerate(path.read_text().splitlines(), 1) if at not in prose and line.strip()]
        if len(lines) > 400:
            long[path.name] = len(lines)
    assert set(long) <= {"functions.py"}


@pytest.mark.parametrize("module", ["tickframe", "tickframe.sandbox"])
def test_an_import_is_quiet(module: str) -> None:
    """No output, no thread, no socket and no extra that the module does not need."""
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

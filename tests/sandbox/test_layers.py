"""Imports inside the sandbox run downward, without circles."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import tickframe.sandbox

PACKAGE = Path(tickframe.sandbox.__file__).parent
NAME = "tickframe.sandbox."

# From the bottom up: a module imports only from its own package and from lower lines.
LAYERS = (
    {"market", "refusal", "tokens", "response_cache"},
    {"dialect"},
    {"parameters"},
    {"answers"},
    {"app"},
    {"server"},
    {"__init__"},
)


def modules():
    """Return the modules of the sandbox, each with those that it imports."""
    names = {path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".") for path in PACKAGE.rglob("*.py")}
    graph = {}
    for name in names:
        tree = ast.parse((PACKAGE / f"{name.replace('.', '/')}.py").read_text())
        paths = [
            f"{node.module}.{alias.name}".removeprefix(NAME)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(NAME)
            for alias in node.names
        ]
        candidates = [{path, path.rpartition(".")[0], f"{path.rpartition('.')[0]}.__init__"} & names for path in paths]
        graph[name] = set().union(*candidates) - {name}
    return graph


def test_imports_run_downward():
    layer = {name: number for number, names in enumerate(LAYERS) for name in names}
    for module, imported in modules().items():
        top = module.partition(".")[0]
        for other in (name.partition(".")[0] for name in imported):
            assert other == top or layer[other] < layer[top], f"{module} imports from {other}"


def test_no_circles():
    TopologicalSorter(modules()).prepare()

"""Every test that docs/faults.md names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if line.startswith("| ")][2:]
_TEST = re.compile(r"`(tests/[a-z_/0-9]+\.py)::([A-Za-z_0-9:]+)`")


def names_of_tests(path: Path) -> set[str]:
    """Return the names of the tests of a module, those of a class as ``Class::test``."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        names |= {prefix + each.name for each in inside if isinstance(each, ast.FunctionDef)}
    return {name for name in names if name.rpartition("::")[2].startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_row_names_tests_that_exist(row: str) -> None:
    fault, promise, tests = (cell.strip() for cell in row.strip("|").split("|"))
    assert fault
    assert promise
    found = _TEST.findall(tests)
    assert len(found) == tests.count("`") // 2 > 0
    for module, name in found:
        assert name in names_of_tests(ROOT / module)

"""Convert docstrings for the site: completed as at runtime, and from reStructuredText to Markdown."""

from __future__ import annotations

import builtins
import importlib
import inspect
import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?P<role>attr|class|func|meth|mod):`~?(?P<name>[\w.]+)`")
# Roles whose targets the reference contains.
_LINKED = ("class", "func", "meth")
# Begins a literal block, which Markdown recognizes by its indentation.
_LITERAL_BLOCK = re.compile(r"::$", re.MULTILINE)
# A simple table without a heading: two columns between lines of equals signs.
_TABLE = re.compile(
    r"^(?P<indent> *)(?P<rule>=+ +=+)\n(?P<rows>.*?)\n(?P=indent)(?P=rule)$", re.MULTILINE | re.DOTALL
)
# An entry of a See Also section.
_SEE_ALSO = re.compile(r"^( *)(tickframe\.[\w.]+) : ", re.MULTILINE)

# Methods whose docstrings are completed from the catalogue.
_COMPLETED = "tickframe.functions."


class Docstrings(griffe.Extension):
    """Convert docstrings before they are parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Use the docstring as at runtime, with its references and tables in Markdown."""
        if obj.docstring is None:
            return
        text = obj.docstring.value
        owner = obj.parent
        if obj.is_function and obj.path.startswith(_COMPLETED) and isinstance(owner, griffe.Class):
            module = importlib.import_module(owner.module.path)
            text = inspect.getdoc(getattr(getattr(module, owner.name), obj.name)) or text
        text = _SEE_ALSO.sub(r"\1[`\2`][\2]: ", _TABLE.sub(_table, text))
        obj.docstring.value = _LITERAL_BLOCK.sub("\n", _ROLE.sub(_link, text))


def _link(reference: re.Match[str]) -> str:
    role, name = reference["role"], reference["name"]
    is_ours = not name.startswith("pandas.") and not hasattr(builtins, name)
    return f"[`{name}`][{name}]" if role in _LINKED and is_ours else f"`{name}`"


def _table(table: re.Match[str]) -> str:
    indent = table["indent"]
    second = len(indent) + table["rule"].rindex(" ") + 1
    rows = [f"| {line[:second].strip()} | {line[second:].strip()} |" for line in table["rows"].splitlines()]
    return "\n".join(f"{indent}{line}" for line in ["| | |", "| :-- | :-- |", *rows])

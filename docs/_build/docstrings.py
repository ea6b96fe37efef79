"""Docstrings as the site shows them: completed as at runtime, reStructuredText as Markdown."""

from __future__ import annotations

import builtins
import importlib
import inspect
import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?P<role>attr|class|func|meth|mod):`~?(?P<name>[\w.]+)`")
# What the reference has places for.
_LINKED = ("class", "func", "meth")
# A line that ends so announces literal text, which Markdown knows by its indentation.
_LITERAL_BLOCK = re.compile(r"::$", re.MULTILINE)
# reStructuredText's simple table without a head: two columns between lines of equals signs.
_TABLE = re.compile(
    r"^(?P<indent> *)(?P<rule>=+ +=+)\n(?P<rows>.*?)\n(?P=indent)(?P=rule)$", re.MULTILINE | re.DOTALL
)

# An entry of a section See Also.
_SEE_ALSO = re.compile(r"^( *)(tickframe\.[\w.]+) : ", re.MULTILINE)

# Methods here get parts of their docstrings out of the catalogue.
_COMPLETED = "tickframe.functions."


class Docstrings(griffe.Extension):
    """Rewrites docstrings before they are parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Take the docstring as it is at runtime, and turn references and tables into Markdown."""
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

"""What a method for a documented function is made of, and its docstring's part out of the catalogue."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TypeVar

from tickframe.catalogue import FUNCTIONS, Column, Function, TickDataType
from tickframe.query import Query

__all__ = ["QueryMethods", "documented"]

_Method = TypeVar("_Method", bound=Callable[..., Query])


class QueryMethods(ABC):
    """Methods that return the query of a documented function."""

    @abstractmethod
    def _query(self, name: str, **arguments: object) -> Query:
        """Return the query of a documented function; its arguments are still to be checked."""


def documented(method: _Method) -> _Method:
    """Complete the docstring of the method for the function of its name: what it returns and raises."""
    if method.__doc__ is not None:
        lines = [inspect.cleandoc(method.__doc__), "", *_sections(FUNCTIONS[method.__name__])]
        method.__doc__ = "\n".join(lines)
    return method


def _sections(function: Function) -> Iterable[str]:
    yield from ("Returns", "-------", "Query", "    With the columns", "")
    for column in function.columns:
        yield from _description(column)
    for instrument_type, columns in function.instrument_columns.items():
        yield from ("", f"    and for {instrument_type.replace('_', ' ')}", "")
        for column in columns:
            yield from _description(column)
    yield from ("", "Raises", "------", "ValueError", "    If an argument is wrong; nothing was sent.")


def _description(column: Column) -> Iterable[str]:
    only = "" if len(column.data_types) == len(TickDataType) else f" (only {', '.join(sorted(column.data_types))})"
    yield f"    * ``{column.name}``, {column.kind.value}: {column.description}{only}"

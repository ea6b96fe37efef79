"""A plan: the requests of a query and how to run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tickframe.catalogue import Column, Function
from tickframe.plan.arguments import check_arguments
from tickframe.plan.part import Part, split


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a plan.

    Attributes
    ----------
    max_workers : int
        How many requests are sent at once.
    max_bytes : int
        No request is sent while responses of this size wait for those before them.
    """

    max_workers: int = 8
    max_bytes: int = 512 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.max_workers < 1 or self.max_bytes < 1:
            raise ValueError("max_workers and max_bytes must be at least 1: omit them for 8 requests and 512 MiB")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a query asks for: frozen, hashable, picklable, without session or secret.

    Attributes
    ----------
    parts : tuple of Part
        The requests, at least one, all of one function.
    timestamp : (str, str) or None
        The date column and the time column that together are the timestamp of a row.
    options : Options
        How to run it.
    """

    parts: tuple[Part, ...]
    timestamp: tuple[str, str] | None = None
    options: Options = field(default_factory=Options)

    @classmethod
    def of(cls, function: Function, arguments: Mapping[str, object], options: Options) -> Plan:
        """Return the plan for a call of a documented function.

        Raises
        ------
        ValueError
            If an argument is wrong, see :func:`tickframe.plan.arguments.check_arguments`.
        """
        parts = split(function, check_arguments(function, arguments))
        return cls(tuple(parts), function.timestamp, options)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The documented columns of the result; empty if the function is not documented."""
        part = self.parts[0]
        return part.columns if part.symbol_column is None else (part.symbol_column, *part.columns)

    @property
    def is_documented(self) -> bool:
        """Whether the columns of the responses are documented."""
        return self.parts[0].is_documented

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that the requests name, without duplicates, in their order."""
        return tuple(dict.fromkeys(symbol for part in self.parts for symbol in part.symbols()))

    def first_pages(self) -> Plan:
        """Return the plan for the first page alone where this one reads all pages."""
        return replace(self, parts=tuple(replace(part, paged=False) for part in self.parts))

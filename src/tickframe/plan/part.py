"""A part: one HTTP request, and how it is written for the service."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tickframe.catalogue import FUNCTIONS, Column, Function, camel_case
from tickframe.wire.contract import DataRequest
from tickframe.wire.values import write_value

# More than these would hide the rest of a line.
_MOST_LISTED = 8

# Hours after the end of a day, in UTC, until it has ended everywhere and late reports are in.
_LATE_HOURS = 36


@dataclass(frozen=True, slots=True)
class Part:
    """One request: frozen, picklable, without session or secret.

    Attributes
    ----------
    function : str
        The documented function, or the request of ``Client.get``.
    endpoint : str
        The last piece of its path.
    parameters : tuple of (str, object)
        What is asked, by documented name.
    columns : tuple of Column
        The documented columns of the answer.
    paged : bool
        Whether the answer is a page and can name the next.
    """

    function: str
    endpoint: str
    parameters: tuple[tuple[str, object], ...]
    columns: tuple[Column, ...] = ()
    paged: bool = False

    def __str__(self) -> str:
        """Say the request in words, such as ``tick_data symbol=ZAL.XE day=2016-05-05``."""
        return " ".join([self.function, *(f"{name}={value}" for name, value in self.words().items())])

    def words(self) -> dict[str, str]:
        """Return the parameters in words, by documented name."""
        return {name: _in_words(value) for name, value in self.parameters}

    def in_brief(self) -> str:
        """Say the request in a line, however long its lists are."""
        return " ".join([self.function, *(f"{name}={value}" for name, value in self.brief_words().items())])

    def brief_words(self) -> dict[str, str]:
        """Return the parameters in words that fit a line: of long lists the ends and the length."""
        return {
            name: listed([_in_words(each) for each in value], ",") if isinstance(value, tuple) else _in_words(value)
            for name, value in self.parameters
        }

    def may_change(self) -> bool:
        """Say whether the service may still add to the answer.

        It may for a day that has not ended everywhere with its late reports in, and for whatever is
        not of days at all: lists of symbols grow. The one day of a request without documentation may
        begin a range that has no end, unless it is called ``day``.
        """
        function = FUNCTIONS.get(self.function) if self.columns else None
        if function is not None and not function.dated:
            return True
        days = self.days()
        if function is None and len(days) == 1 and "day" not in dict(self.parameters):
            return True
        final = dt.datetime.now(dt.UTC) - dt.timedelta(hours=_LATE_HOURS)
        return not days or any(day >= final.date() for day in days)

    def days(self) -> tuple[dt.date, ...]:
        """Return the days of all dates and moments among the parameters; of a moment with a zone the day in UTC."""
        return tuple(day for _, value in self.parameters for day in _days_of(value))

    def with_cursor(self, cursor: str) -> Part:
        """Return the request for the page behind a cursor."""
        return replace(self, parameters=(*self.without_cursor().parameters, ("cursor", cursor)))

    def without_cursor(self) -> Part:
        """Return the request for the first page."""
        others = tuple((name, value) for name, value in self.parameters if name != "cursor")
        return replace(self, parameters=others)

    def to_message(self, reference_id: str, parameter_names: Mapping[str, str]) -> DataRequest:
        """Write the request as the service takes it.

        Parameters
        ----------
        reference_id
            Our name of the request.
        parameter_names
            Names on the wire that replace the inferred camelCase ones, by documented name.
        """
        request = DataRequest()
        request.header.reference_id.value = reference_id
        for name, value in self.parameters:
            wire_name = parameter_names.get(name, camel_case(name))
            if wire_name in request.parameters:
                raise ValueError(
                    f"parameter {name!r} travels as {wire_name!r}, which another one "
                    "does already: change parameter_names"
                )
            request.parameters[wire_name].CopyFrom(write_value(value))
        return request


def split(function: Function, arguments: Mapping[str, object]) -> list[Part]:
    """Return the requests that the arguments of a documented function stand for.

    Parameters
    ----------
    function
        The function.
    arguments
        Its checked arguments, see :func:`tickframe.plan.arguments.check_arguments`.

    Returns
    -------
    list of Part
        One for each combination of the values of the parameters that split: day by day, and within
        a day symbol by symbol.
    """
    axes = [parameter.name for parameter in reversed(function.parameters) if parameter.splits]
    # Checked arguments are of the types that the catalogue names.
    columns = function.columns_for(arguments.get("data_type"), arguments.get("instrument_type"))  # type: ignore[arg-type]
    parts = []
    for values in itertools.product(*(arguments[axis] for axis in axes)):  # type: ignore[call-overload]
        one = {**arguments, **dict(zip(axes, values, strict=True))}
        parts.append(Part(function.name, function.endpoint, tuple(one.items()), columns, function.paged))
    return parts


def frozen(value: object) -> object:
    """Return a parameter's value as one that does not change with the caller's lists."""
    if isinstance(value, Mapping):
        return {str(name): frozen(field) for name, field in value.items()}
    if isinstance(value, np.ndarray):
        return frozen(value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | memoryview):
        return tuple(frozen(each) for each in value)
    return value


def _days_of(value: object) -> Iterator[dt.date]:
    match value:
        case dt.datetime() | np.datetime64():
            moment = pd.Timestamp(value)
            yield (moment if moment.tzinfo is None else moment.tz_convert("UTC")).date()
        case dt.date():
            yield value
        case tuple():
            for each in value:
                yield from _days_of(each)
        case Mapping():
            yield from _days_of(tuple(value.values()))


def _in_words(value: object) -> str:
    """Write a parameter's value as a person would."""
    match value:
        case pd.Timedelta():
            return str(value).removeprefix("0 days ")
        case tuple():
            return ",".join(_in_words(each) for each in value)
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def listed(words: Sequence[str], separator: str = ", ") -> str:
    """List words; of many the first, the last, and how many they are."""
    if len(words) <= _MOST_LISTED:
        return separator.join(words)
    return f"{separator.join(words[:3])}{separator}…{separator}{words[-1]} ({len(words):,})"

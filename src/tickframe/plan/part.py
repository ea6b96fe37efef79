"""A part: one HTTP request, and how it is written for the service."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np
import pandas as pd

from tickframe.catalogue import Column, Function, Parameter, ParameterKind, RequestFormat, metric_columns, wire_metrics
from tickframe.wire.contract import DataRequest
from tickframe.wire.values import write_value

# Lists longer than this are shortened for display.
_MAX_SHOWN = 8

_SYMBOL_PARAMETERS = ("symbol", "symbols")

# Names in camelCase, and the source as a parameter.
_DEFAULT_FORMAT = RequestFormat()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One request: frozen, hashable, picklable, without session or secret.

    Two parts are equal if the service gets the same request from both, by ``key()``.

    Attributes
    ----------
    function : str
        The documented function, or the endpoint of ``Client.get``.
    endpoint : str
        The last segment of its path.
    parameters : tuple of (str, object)
        Parameter values by documented name.
    columns : tuple of Column
        The documented columns of the response; empty if the function is not documented.
    paged : bool
        Whether a response is one page and can name the next.
    symbol_column : Column or None
        The column of the requested symbol that is added to the response.
    """

    function: str
    endpoint: str
    parameters: tuple[tuple[str, object], ...]
    columns: tuple[Column, ...] = ()
    paged: bool = False
    symbol_column: Column | None = None

    def __str__(self) -> str:
        """Return the request as text, such as ``tick_data symbol=ZAL.XE day=2016-05-05``."""
        return " ".join([self.function, *(f"{name}={value}" for name, value in self.words().items())])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Part):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.function, self.key()))

    def _identity(self) -> tuple[object, ...]:
        return self.function, self.endpoint, self.paged, self.columns, self.key()

    @property
    def is_documented(self) -> bool:
        """Whether the function, and so the columns of its response, are documented."""
        return bool(self.columns)

    @property
    def symbol(self) -> str:
        """The requested symbol of a function whose responses do not have it.

        Raises
        ------
        ValueError
            If the request is not of one symbol.
        """
        match dict(self.parameters).get("symbols"):
            case (str() as symbol,):
                return symbol
            case _:
                raise ValueError(f"{self} is not of one symbol")

    @property
    def source(self) -> str:
        """The requested source; empty if the function has none."""
        return str(dict(self.parameters).get("source", ""))

    def key(self, request_format: RequestFormat = _DEFAULT_FORMAT) -> bytes:
        """Return the canonical request: the same bytes for the same parameters, of the same types.

        Parameters
        ----------
        request_format
            As in :meth:`to_message`.
        """
        return self.to_message("", request_format).SerializeToString(deterministic=True)

    def words(self) -> dict[str, str]:
        """Return the parameters as text, by documented name."""
        return {name: _as_text(value) for name, value in self.parameters}

    def summary(self) -> str:
        """Return the request as one line of text, long lists shortened."""
        return " ".join([self.function, *(f"{name}={value}" for name, value in self.short_words().items())])

    def short_words(self) -> dict[str, str]:
        """Return the parameters as text, long lists shortened to their ends and length."""
        return {
            name: shortened([_as_text(each) for each in value], ",") if isinstance(value, tuple) else _as_text(value)
            for name, value in self.parameters
        }

    def days(self) -> tuple[dt.date, ...]:
        """Return the days of all dates and timestamps among the parameters, in UTC for those with a time zone."""
        return tuple(day for _, value in self.parameters for day in _days_of(value))

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols among the parameters."""
        return tuple(
            symbol
            for name, value in self.parameters
            if name in _SYMBOL_PARAMETERS
            for symbol in ((value,) if isinstance(value, str) else value if isinstance(value, tuple) else ())
        )

    def with_cursor(self, cursor: str) -> Part:
        """Return the request for the page after a cursor."""
        return replace(self, parameters=(*self.without_cursor().parameters, ("cursor", cursor)))

    def without_cursor(self) -> Part:
        """Return the request for the first page."""
        others = tuple((name, value) for name, value in self.parameters if name != "cursor")
        return replace(self, parameters=others)

    def to_message(self, reference_id: str, request_format: RequestFormat = _DEFAULT_FORMAT) -> DataRequest:
        """Return the request as a protobuf message.

        Parameters
        ----------
        reference_id
            The client's identifier of the request.
        request_format
            The names and values of the parameters on the wire.

        Raises
        ------
        ValueError
            If two parameters get the same name, or a value cannot be sent.
        """
        request = DataRequest()
        request.header.reference_id.value = reference_id
        for name, value in self.parameters:
            if not request_format.sends(name):
                continue
            wire_name = request_format.wire_name(name)
            if wire_name in request.parameters:
                raise ValueError(
                    f"parameter {name!r} is sent as {wire_name!r}, the name of another parameter: "
                    "change parameter_names"
                )
            request.parameters[wire_name].CopyFrom(write_value(request_format.wire_value(name, value)))
        return request


def split(function: Function, arguments: Mapping[str, object]) -> list[Part]:
    """Return the requests for the arguments of a documented function.

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
    axes = [parameter for parameter in reversed(function.parameters) if parameter.splits]
    # Checked arguments are of the types that the catalogue names.
    columns = function.columns_for(arguments.get("data_type"), arguments.get("instrument_type"))  # type: ignore[arg-type]
    if "metrics" in arguments:
        columns = metric_columns(arguments["metrics"])  # type: ignore[arg-type]
        arguments = {**arguments, "metrics": _frozen_metrics(arguments["metrics"])}  # type: ignore[arg-type]
    parts = []
    for values in itertools.product(*(arguments[axis.name] for axis in axes)):  # type: ignore[call-overload]
        one = {**arguments, **{axis.name: _sent(axis, value) for axis, value in zip(axes, values, strict=True)}}
        parts.append(
            Part(function.name, function.endpoint, tuple(one.items()), columns, function.paged, function.symbol_column)
        )
    return parts


def _frozen_metrics(metrics: Mapping[str, Mapping[str, object]]) -> FrozenMapping:
    """Return checked metrics as they are sent, and as they cannot change."""
    sent = wire_metrics(metrics)
    return FrozenMapping(tuple((key, FrozenMapping(tuple(arguments.items()))) for key, arguments in sent.items()))


def _sent(parameter: Parameter, value: object) -> object:
    """Return one of the values that a query is split by as the parameter of a request."""
    return (value,) if parameter.kind is ParameterKind.STRING_LIST else value


@dataclass(frozen=True, slots=True, repr=False)
class FrozenMapping(Mapping[str, object]):
    """A mapping that cannot change; unlike a mapping proxy it can be pickled."""

    fields: tuple[tuple[str, object], ...]

    def __getitem__(self, name: str) -> object:
        return dict(self.fields)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return repr(dict(self.fields))


def frozen(value: object) -> object:
    """Return a copy of a parameter's value that does not change with the caller's lists and mappings.

    A midnight without a time zone becomes a date: days are documented to be passed so. In a list with other times of
    day it remains a timestamp.
    """
    if isinstance(value, Mapping):
        return FrozenMapping(tuple((str(name), frozen(field)) for name, field in value.items()))
    if isinstance(value, np.ndarray):
        # NumPy's own conversion makes integers of timestamps in nanoseconds.
        return frozen(value[()] if value.ndim == 0 else list(value) if value.dtype.kind in "mM" else value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray | memoryview):
        items = list(value)
        has_times = any(_is_timestamp(item) and not _is_naive_midnight(pd.Timestamp(item)) for item in items)
        return tuple(item if has_times and _is_timestamp(item) else frozen(item) for item in items)
    if _is_timestamp(value) and _is_naive_midnight(moment := pd.Timestamp(value)):
        return moment.date()
    return value


def _is_timestamp(value: object) -> TypeGuard[dt.datetime | np.datetime64]:
    return isinstance(value, dt.datetime | np.datetime64) and not pd.isna(value)


def _is_naive_midnight(moment: pd.Timestamp) -> bool:
    return moment.tzinfo is None and moment == moment.normalize()


def _days_of(value: object) -> Iterator[dt.date]:
    match value:
        case dt.datetime() | np.datetime64():
            timestamp = pd.Timestamp(value)
            yield (timestamp if timestamp.tzinfo is None else timestamp.tz_convert("UTC")).date()
        case dt.date():
            yield value
        case tuple():
            for each in value:
                yield from _days_of(each)
        case Mapping():
            yield from _days_of(tuple(value.values()))


def _as_text(value: object) -> str:
    match value:
        case pd.Timedelta():
            return str(value).removeprefix("0 days ")
        case tuple():
            return ",".join(_as_text(each) for each in value)
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def shortened(texts: Sequence[str], separator: str = ", ") -> str:
    """Join texts; of a long list only the first three, the last, and their number."""
    if len(texts) <= _MAX_SHOWN:
        return separator.join(texts)
    return f"{separator.join(texts[:3])}{separator}…{separator}{texts[-1]} ({len(texts):,})"

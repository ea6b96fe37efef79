"""The date and the time of day of a row as one timestamp, and rows in order of time.

Times of the service are wall-clock times of the exchange; the documentation names no time zone. ``tz`` labels them
with one, and changes none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.errors import DecodeError

#: The name of the column that replaces date and time.
TIMESTAMP = "timestamp"

#: Whether date and time are one column ``timestamp`` or the two documented ones.
Times = Literal["timestamp", "documented"]
#: The order of rows: by timestamp, those of the same timestamp in the order of the parts; or that of the parts.
Order = Literal["time", "parts"]
#: A time zone, or one for each suffix of a symbol, such as ``{"XE": "Europe/Berlin", "L": "Europe/London"}``.
TimeZones = str | Mapping[str, str]

NANOSECONDS_PER_DAY = 86_400 * 10**9
_NAT = pd.NaT.value
_SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class TimestampColumn:
    """The column that replaces a date column and a column of times of day.

    Attributes
    ----------
    date, time : str
        The columns that it is the sum of: date32, and duration[ns] since midnight.
    tz : str, tuple of (str, str), or None
        A time zone; or sorted pairs of a symbol's suffix and its time zone, in which case timestamps are in UTC.
    """

    date: str
    time: str
    tz: str | tuple[tuple[str, str], ...] | None = None

    @classmethod
    def of(cls, columns: tuple[str, str], tz: TimeZones | None) -> Self:
        """Return the column, its time zones checked.

        Raises
        ------
        ValueError
            If a time zone is unknown.
        """
        if isinstance(tz, Mapping):
            if not tz:
                raise ValueError("tz is an empty mapping: omit it, or map suffixes of symbols to time zones")
            for zone in tz.values():
                _check_zone(zone)
            return cls(*columns, tuple(sorted((suffix.removeprefix("."), zone) for suffix, zone in tz.items())))
        if tz is not None:
            _check_zone(tz)
        return cls(*columns, tz)

    @property
    def type(self) -> pa.DataType:
        """The Arrow type: ``timestamp[ns]``, with a time zone if one is given."""
        return pa.timestamp("ns", "UTC" if isinstance(self.tz, tuple) else self.tz)

    @property
    def earliest_offset(self) -> int:
        """The most nanoseconds by which a timestamp can be earlier than its time on the exchange's clock."""
        return 0 if self.tz is None else NANOSECONDS_PER_DAY

    def check_symbols(self, symbols: Iterable[str]) -> None:
        """Check that each symbol has a time zone.

        Raises
        ------
        ValueError
            If the suffix of a symbol is unknown; the error lists all of them.
        """
        if not isinstance(self.tz, tuple):
            return
        zones = dict(self.tz)
        unknown = sorted({suffix for symbol in symbols if (suffix := suffix_of(symbol)) not in zones})
        if unknown:
            raise ValueError(
                f"tz has no time zone for the suffixes {', '.join(map(repr, unknown))}, only for "
                f"{', '.join(map(repr, sorted(zones)))}: add them"
            )

    def schema(self, schema: pa.Schema, keep: Collection[str] = ()) -> pa.Schema:
        """Return the schema of converted batches; see :meth:`convert`."""
        others = [field for field in schema if field.name in keep or field.name not in (self.date, self.time)]
        return pa.schema([pa.field(TIMESTAMP, self.type), *others])

    def convert(self, batch: pa.RecordBatch, keep: Collection[str] = ()) -> pa.RecordBatch:
        """Return a batch with ``timestamp`` as the first column in place of date and time.

        Parameters
        ----------
        batch
            A batch with the two columns.
        keep
            Which of them remain.

        Raises
        ------
        ValueError
            If a timestamp is outside the range of 64 bits of nanoseconds (1677 to 2262), or does not exist or is
            ambiguous in its time zone, or a symbol has no time zone.
        """
        schema = self.schema(batch.schema, keep)
        values, null = _sums(batch.column(self.date), batch.column(self.time), self.date)
        if self.tz is not None:
            values = self._localized(values, batch)
        validity = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))
        timestamps = pa.Array.from_buffers(self.type, len(values), [validity, pa.py_buffer(values)])
        others = [batch.column(name) for name in schema.names[1:]]
        return pa.RecordBatch.from_arrays([timestamps, *others], schema=schema)

    def _localized(self, values: npt.NDArray[np.int64], batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
        if isinstance(self.tz, str):
            return _localized(values, self.tz)
        if not len(values):
            return values
        if _SYMBOL not in batch.schema.names:
            raise ValueError("tz maps suffixes of symbols, and the response has no column 'symbol': name one time zone")
        symbols = batch.column(_SYMBOL)
        if not pa.types.is_dictionary(symbols.type):
            symbols = symbols.dictionary_encode()
        names = symbols.dictionary.to_pylist()
        codes = symbols.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        # A row without a timestamp needs no time zone.
        used = np.unique(codes[values != _NAT])
        if -1 in used:
            raise ValueError("tz maps suffixes of symbols, and there are rows without a symbol: name one time zone")
        self.check_symbols(names[code] for code in used)
        zones = dict(self.tz or ())
        codes_of_zone: dict[str, list[int]] = {}
        for code in used:
            codes_of_zone.setdefault(zones[suffix_of(names[code])], []).append(int(code))
        if len(codes_of_zone) == 1:
            return _localized(values, next(iter(codes_of_zone)))
        localized = np.full_like(values, _NAT)
        for zone, its_codes in codes_of_zone.items():
            rows = np.flatnonzero(np.isin(codes, its_codes))
            localized[rows] = _localized(values[rows], zone)
        return localized


@dataclass(frozen=True, slots=True)
class TimeOptions:
    """How the times of rows leave a query.

    Attributes
    ----------
    timestamp : TimestampColumn or None
        The timestamp of a row; None if rows have no date and time.
    times : {"timestamp", "documented"}
        Whether it replaces the two columns.
    order : {"time", "parts"}
        The order of rows.
    """

    timestamp: TimestampColumn | None = None
    times: Times = "timestamp"
    order: Order = "parts"

    @classmethod
    def of(
        cls,
        columns: tuple[str, str] | None,
        *,
        times: Times = "timestamp",
        tz: TimeZones | None = None,
        order: Order = "parts",
    ) -> Self:
        """Return the options, checked.

        Parameters
        ----------
        columns
            The date column and the time column; None if rows have none.
        times, tz, order
            As in :meth:`tickframe.Query.to_arrow`.

        Raises
        ------
        ValueError
            If one is unknown, or needs what rows do not have.
        """
        if times not in get_args(Times):
            raise ValueError(f"invalid times {times!r}: expected 'timestamp' or 'documented'")
        if order not in get_args(Order):
            raise ValueError(f"invalid order {order!r}: expected 'time' or 'parts'")
        if columns is None:
            for name, given in (("tz", tz is not None), ("order='time'", order == "time")):
                if given:
                    raise ValueError(f"{name} needs a date and a time of day, which these responses do not have")
            return cls(None, times, order)
        if times == "documented" and tz is not None:
            raise ValueError("tz belongs to the column timestamp: omit it, or use times='timestamp'")
        return cls(TimestampColumn.of(columns, tz), times, order)

    def for_schema(self, schema: pa.Schema, *, is_documented: bool) -> TimeOptions:
        """Return the options for responses of a schema, which may lack the two columns.

        Raises
        ------
        DecodeError
            If a documented column has another type than documented, or there is a column ``timestamp`` already.
        ValueError
            If there is a time zone, and no time that it could belong to.
        """
        if self.timestamp is None:
            return self
        date, time = self.timestamp.date, self.timestamp.time
        if date not in schema.names or time not in schema.names:
            return self._without_timestamp(schema)
        for name, is_kind in ((date, pa.types.is_date32), (time, pa.types.is_duration)):
            if not is_kind(schema.field(name).type):
                if not is_documented:
                    return self._without_timestamp(schema)
                raise DecodeError(
                    f"column {name!r} is {schema.field(name).type}, which cannot be part of a timestamp: "
                    "use times='documented', or index=None",
                    column=name,
                )
        if TIMESTAMP in schema.names and self._is_needed:
            if not is_documented:
                return self._without_timestamp(schema)
            raise DecodeError(
                f"the response has a column {TIMESTAMP!r} already: use times='documented' with order='parts', or "
                "index=None",
                column=TIMESTAMP,
            )
        return self

    def _without_timestamp(self, schema: pa.Schema) -> TimeOptions:
        if self.timestamp is not None and self.timestamp.tz is not None and schema.names:
            raise ValueError(
                f"tz needs a date and a time of day, and the response has only the columns {', '.join(schema.names)}: "
                "omit tz"
            )
        return TimeOptions(None, self.times, "parts")

    @property
    def is_sorted(self) -> bool:
        """Whether rows are sorted by a timestamp that they have."""
        return self.timestamp is not None and self.order == "time"

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of :meth:`convert`."""
        return schema if self.timestamp is None or not self._is_needed else self.timestamp.schema(schema, self._kept())

    def convert(self, batch: pa.RecordBatch, keep: Collection[str] = ()) -> pa.RecordBatch:
        """Return a batch with ``timestamp``, if rows leave with it or are sorted by it.

        Parameters
        ----------
        batch
            A batch of the schema.
        keep
            Which of the date and the time remain beside ``timestamp``, if it replaces them.
        """
        if self.timestamp is None or not self._is_needed:
            return batch
        return self.timestamp.convert(batch, (*self._kept(), *keep))

    def finish(self, rows: pa.RecordBatch | pa.Table | pa.Schema) -> Any:
        """Return converted rows, or their schema, without a ``timestamp`` that they were only sorted by."""
        if self.timestamp is None or not self._is_needed or self.times == "timestamp":
            return rows
        return rows.remove(0) if isinstance(rows, pa.Schema) else rows.drop_columns([TIMESTAMP])

    @property
    def _is_needed(self) -> bool:
        return self.times == "timestamp" or self.order == "time"

    def _kept(self) -> tuple[str, ...]:
        return (self.timestamp.date, self.timestamp.time) if self.timestamp and self.times == "documented" else ()


def suffix_of(symbol: str) -> str:
    """Return what follows the last dot of a symbol, its exchange; empty if there is no dot.

    >>> suffix_of("ZAL.XE")
    'XE'
    """
    return symbol.rpartition(".")[2] if "." in symbol else ""


def _check_zone(zone: object) -> None:
    try:
        if not isinstance(zone, str):
            raise TypeError("not a string")  # noqa: TRY301
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"invalid tz {zone!r}: expected the name of a time zone, such as 'Europe/Berlin'") from error


def _sums(dates: pa.Array, times: pa.Array, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_] | None]:
    """Return date plus time in nanoseconds, NaT for nulls, and a mask of the nulls if there are any."""
    if len(dates) and not dates.null_count and not times.null_count:
        days = dates.view(pa.int32()).to_numpy()
        if (days == days[0]).all():
            # Most responses are of one day: one addition, if it cannot overflow.
            midnight = int(days[0]) * NANOSECONDS_PER_DAY
            since_midnight = times.view(pa.int64()).to_numpy()
            bounds = [midnight, midnight + int(since_midnight.min()), midnight + int(since_midnight.max())]
            if min(bounds) > _NAT and max(bounds) < 2**63:
                return since_midnight + midnight, None
    null = pc.or_(dates.is_null(), times.is_null()).to_numpy(zero_copy_only=False)
    # What is stored for a null is arbitrary, and its sum may overflow.
    try:
        midnights = dates.cast(pa.timestamp("ns")).fill_null(pa.scalar(0, pa.timestamp("ns")))
        sums = pc.add_checked(midnights, times.fill_null(pa.scalar(0, pa.duration("ns"))))
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {name!r} and its time of day are outside the range of 64 bits of nanoseconds (1677 to 2262): "
            "use times='documented', or index=None"
        ) from error
    # A copy: Arrow's memory is read-only for NumPy.
    values = sums.cast(pa.int64()).to_numpy(zero_copy_only=False).copy()
    values[null] = _NAT
    return values, null if null.any() else None


def _localized(values: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """Return the nanoseconds since 1970 in UTC of wall-clock times in a time zone."""
    index = pd.DatetimeIndex(values.view("datetime64[ns]"))
    try:
        return np.asarray(index.tz_localize(zone).asi8)
    except Exception as error:  # pytz raises errors that are no ValueError.
        raise ValueError(
            f"cannot localize times to {zone}: {error}. Omit tz for times without a zone, or use times='documented'"
        ) from error


def sort_by_time(table: pa.Table) -> pa.Table:
    """Return the rows in order of the column ``timestamp``: stable, rows without one last."""
    order = time_order(table.column(TIMESTAMP))
    # A chunk for each column: rows taken from many chunks are slow.
    return table if order is None else table.unify_dictionaries().combine_chunks().take(pa.array(order))


def time_order(timestamps: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.intp] | None:
    """Return the positions of rows in order of time: stable, nulls last; None if they are in order."""
    values = timestamps.cast(pa.int64()).fill_null(np.iinfo(np.int64).max).to_numpy()
    if len(values) < 2 or bool((values[1:] >= values[:-1]).all()):
        return None
    return np.argsort(values, kind="stable")

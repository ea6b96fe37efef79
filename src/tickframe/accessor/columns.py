"""Columns of a frame of ticks: checked and read as NumPy arrays, and written in the dtypes of the frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

# Far enough below 2**63 for a check of the sum in floating point.
MAX_SHARES = 2**62


def check_columns(frame: pd.DataFrame, names: Iterable[str], advice: str) -> None:
    """Check that a frame has columns.

    Raises
    ------
    ValueError
        If a column is missing; the message ends with the advice.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(f"no column {missing[0]!r} among {list(frame.columns)}: {advice}")


def check_time_zones(tz: dt.tzinfo | None, quotes_tz: dt.tzinfo | None) -> None:
    """Check that the times of a frame and of its quotes can be compared.

    Raises
    ------
    ValueError
        If one has a time zone and the other has none.
    """
    if (tz is None) != (quotes_tz is None):
        raise ValueError(
            f"the time zone of the frame is {tz} and that of the quotes is {quotes_tz}: give both or neither a time "
            "zone, with to_pandas(tz=...) or tz_localize(...)"
        )


def times_of(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the timestamps of the rows in nanoseconds, in the time zone of the frame if it has one.

    Parameters
    ----------
    frame
        With a ``DatetimeIndex``; a column ``timestamp``, as an export has it; or columns ``date`` and ``time``, as
        ``to_pandas(index=None)`` returns them.

    Raises
    ------
    ValueError
        If it has none of these, or if a timestamp is null or out of bounds for nanoseconds (1677 to 2262).
    """
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        if "timestamp" in frame.columns and pd.api.types.is_datetime64_any_dtype(frame["timestamp"].dtype):
            timestamps = frame["timestamp"]
        elif {"date", "time"} <= set(frame.columns):
            timestamps = frame["date"].astype("datetime64[ns]") + frame["time"].astype("timedelta64[ns]")
        else:
            raise ValueError(
                "no timestamps: expected a DatetimeIndex, as Query.to_pandas() returns, a column 'timestamp', or "
                "columns 'date' and 'time'; if a column of another name has the timestamps, use df.set_index(...)"
            )
        index = pd.DatetimeIndex(timestamps, name="timestamp")
    if index.hasnans:
        raise ValueError(
            f"{np.count_nonzero(index.isna())} of {len(frame)} rows have no timestamp: drop them; if the timestamps "
            "are the index, use df[df.index.notna()]"
        )
    return index.as_unit("ns")


def factorize_symbols(frame: pd.DataFrame) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Return the code of each row's symbol, and the symbols of the frame as strings.

    They are in the order of the categories, which is that of the query; other dtypes in order of appearance.

    Raises
    ------
    ValueError
        If there is no column ``symbol``, or it has nulls.
    """
    check_columns(frame, ["symbol"], "add the symbol of the rows, such as with df.assign(symbol='ZAL.XE')")
    codes, symbols = pd.factorize(frame["symbol"])
    if isinstance(frame["symbol"].dtype, pd.CategoricalDtype):
        order = np.argsort(frame["symbol"].cat.categories.get_indexer(symbols))
        symbols = symbols[order]
        # A null has the code -1, which stays.
        codes = np.append(np.argsort(order), -1)[codes]
    nulls = np.count_nonzero(codes < 0)
    if nulls:
        raise ValueError(f"{nulls} of {len(frame)} rows have no symbol: drop them with df[df['symbol'].notna()]")
    if isinstance(frame["symbol"].dtype, pd.ArrowDtype):
        # pandas returns the whole Arrow dictionary, with unused symbols and in another order.
        codes, used = pd.factorize(codes)
        symbols = symbols.take(used)
    return codes, pd.Index(symbols.astype("str"), name="symbol")


def sort_order(codes: npt.NDArray[np.intp], times: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return the positions that sort rows by symbol and time, stable for equal times."""
    # NumPy sorts small integers by radix, which is by far the fastest.
    small_codes = codes.astype(np.min_scalar_type(codes.max(initial=0)))
    if np.all(times[1:] >= times[:-1]):
        return np.argsort(small_codes, kind="stable")
    by_time = np.argsort(times, kind="stable")
    return by_time[np.argsort(small_codes[by_time], kind="stable")]


def prices_of(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column of prices of any backend, with NaN for null."""
    return frame[name].to_numpy(dtype="float64", na_value=np.nan)


def sizes_of(frame: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """Return a column of sizes of any backend, with 0 for null.

    Raises
    ------
    ValueError
        If a size is negative or not an integer, or if their sum is 2**62 or more. Below it, the sum of
        any rows is exact.
    """
    try:
        sizes: npt.NDArray[np.int64] = frame[name].astype("Int64").array.to_numpy(dtype="int64", na_value=0)
    except TypeError as error:
        raise ValueError(f"column {name!r} has sizes that are not integers: round them first") from error
    negative = np.count_nonzero(sizes < 0)
    if negative:
        raise ValueError(
            f"{negative} of {len(frame)} rows have a negative {name}: drop them with df[~(df[{name!r}] < 0)]"
        )
    if sizes.sum(dtype=np.float64) >= MAX_SHARES:
        raise ValueError(f"the sum of column {name!r} is 2**62 or more, which could overflow 64-bit integers")
    return sizes


def floats(values: npt.NDArray[np.float64], like: Any) -> Any:
    """Return values, with NaN for null, in the backend of a dtype: float64, Float64 or double[pyarrow]."""
    array = pd.Series(pd.arrays.FloatingArray(values, np.isnan(values)))
    if isinstance(like, pd.ArrowDtype):
        return array.astype(pd.ArrowDtype(pa.float64())).array
    return array.astype("Float64" if isinstance(like, pd.Float64Dtype) else "float64").array


def integers(values: npt.NDArray[np.int64], like: Any) -> Any:
    """Return values in the backend of a dtype: Int64 or int64[pyarrow]."""
    array = pd.Series(values, dtype="Int64")
    return (array.astype(pd.ArrowDtype(pa.int64())) if isinstance(like, pd.ArrowDtype) else array).array

"""What is read of a frame of ticks, as NumPy arrays, and written again in the frame's own dtypes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

# Far from where 64 bits end, and from what floating point may be off by in finding out.
MOST_SHARES = 2**62


def check_columns(frame: pd.DataFrame, names: Iterable[str], advice: str) -> None:
    """Check that a frame has columns.

    Raises
    ------
    ValueError
        If it lacks one; the message ends with the advice.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(f"the frame has no column {missing[0]!r} among {list(frame.columns)}: {advice}")


def check_time_zones(trades: dt.tzinfo | None, quotes: dt.tzinfo | None) -> None:
    """Check that times of trades and of quotes can be compared.

    Raises
    ------
    ValueError
        If one has a time zone and the other has none.
    """
    if (trades is None) != (quotes is None):
        raise ValueError(
            f"the frame's time zone is {trades} and the quotes' {quotes}: give both or neither one, "
            "as by to_pandas(tz=...) or tz_localize(...)"
        )


def times_of(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the rows' timestamps in nanoseconds, in the frame's time zone or without one.

    Parameters
    ----------
    frame
        With a ``DatetimeIndex``, or with the columns ``date`` and ``time`` of ``to_pandas(index=None)``.

    Raises
    ------
    ValueError
        If it has neither, or if a timestamp is null or outside what 64 bits of nanoseconds can hold.
    """
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        if not {"date", "time"} <= set(frame.columns):
            raise ValueError(
                "the frame has no timestamps: it needs a DatetimeIndex, as Query.to_pandas() makes, or the columns "
                "'date' and 'time' (try df.set_index('timestamp') where they are a column)"
            )
        moments = frame["date"].astype("datetime64[ns]") + frame["time"].astype("timedelta64[ns]")
        index = pd.DatetimeIndex(moments, name="timestamp")
    if index.hasnans:
        raise ValueError(
            f"{np.count_nonzero(index.isna())} of {len(frame)} rows have no timestamp: leave them out, "
            "df[df.index.notna()] does where they are the index"
        )
    return index.as_unit("ns")


def symbols_of(frame: pd.DataFrame) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Return each row's symbol as a place among the symbols, and these, as strings, as they first appear.

    Raises
    ------
    ValueError
        If there is no column ``symbol``, or a row has none.
    """
    check_columns(frame, ["symbol"], "it says whose ticks these are; df.assign(symbol='ZAL.XE') adds it")
    places, symbols = pd.factorize(frame["symbol"])
    without = np.count_nonzero(places < 0)
    if without:
        raise ValueError(f"{without} of {len(frame)} rows have no symbol: df[df['symbol'].notna()] leaves them out")
    if isinstance(frame["symbol"].dtype, pd.ArrowDtype):
        # An Arrow dictionary may hold symbols that the rows do not, and in another order.
        places, used = pd.factorize(places)
        symbols = symbols.take(used)
    return places, pd.Index(symbols.astype("str"), name="symbol")


def in_order(symbol: npt.NDArray[np.intp], moments: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return the places of rows, symbol by symbol, each in the order of time; rows of one time keep theirs."""
    # Sorts by radix, which is much the fastest, where there are few symbols.
    narrow = symbol.astype(np.min_scalar_type(symbol.max(initial=0)))
    if np.all(moments[1:] >= moments[:-1]):
        return np.argsort(narrow, kind="stable")
    by_time = np.argsort(moments, kind="stable")
    return by_time[np.argsort(narrow[by_time], kind="stable")]


def prices_of(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column of prices, NaN for null, whatever the frame's backend."""
    return frame[name].to_numpy(dtype="float64", na_value=np.nan)


def sizes_of(frame: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """Return a column of sizes, 0 for null, whatever the frame's backend.

    Raises
    ------
    ValueError
        If a size is no integer or below 0, or if all together come to 2**62 or more: the sums of any of
        them are exact.
    """
    try:
        sizes: npt.NDArray[np.int64] = frame[name].astype("Int64").array.to_numpy(dtype="int64", na_value=0)
    except TypeError as error:
        raise ValueError(f"column {name!r} holds sizes that are no integers: round them first") from error
    negative = np.count_nonzero(sizes < 0)
    if negative:
        raise ValueError(
            f"{negative} of {len(frame)} rows have a {name} below 0, and what such a trade is worth is not ours to "
            f"guess: df[~(df[{name!r}] < 0)] leaves them out"
        )
    if sizes.sum(dtype=np.float64) >= MOST_SHARES:
        raise ValueError(f"column {name!r} adds up to 2**62 or more, which 64-bit sums may not hold")
    return sizes


def floats(values: npt.NDArray[np.float64], like: Any) -> Any:
    """Return values, NaN for null, as an array of the backend of a dtype: float64, Float64 or double[pyarrow]."""
    array = pd.Series(pd.arrays.FloatingArray(values, np.isnan(values)))
    if isinstance(like, pd.ArrowDtype):
        return array.astype(pd.ArrowDtype(pa.float64())).array
    return array.astype("Float64" if isinstance(like, pd.Float64Dtype) else "float64").array


def integers(values: npt.NDArray[np.int64], like: Any) -> Any:
    """Return values as an array of the backend of a dtype: Int64 or int64[pyarrow]."""
    array = pd.Series(values, dtype="Int64")
    return (array.astype(pd.ArrowDtype(pa.int64())) if isinstance(like, pd.ArrowDtype) else array).array

"""Record batches to one DataFrame, each as it arrives."""

from __future__ import annotations

from collections import deque
from typing import Any, get_args

import pandas as pd
import pyarrow as pa

from tickframe.arrow_to_pandas.columns import DtypeBackend, Nulls, Timestamps, column_of


def to_dataframe(
    table: pa.Table,
    *,
    index: str | None = None,
    dtype_backend: DtypeBackend | None = None,
    nulls: Nulls | None = None,
    consume: bool = False,
) -> pd.DataFrame:
    """Convert a table to a writable DataFrame.

    Parameters
    ----------
    table
        The table.
    index
        The name of a column of timestamps that becomes the index: a ``DatetimeIndex`` of this name, in
        nanoseconds and in the time zone of the column. If omitted, the index is a ``RangeIndex``.
    dtype_backend
        ``"numpy_nullable"`` or ``"pyarrow"``, as in pandas, or ``"numpy"``: integers are int64 and
        bools bool, and all else is as by default. If omitted, dtypes are those of the table above. It
        does not affect the index.
    nulls
        ``"nan"`` makes integers and bools with nulls float64 with NaN. Only with ``dtype_backend="numpy"``,
        where such a column is otherwise an error.
    consume
        Whether the frame may take over the memory of a table of one chunk. Only for a table to whose data
        there is no other reference: writing to the frame changes it. The memory of several chunks is freed
        during the conversion if the caller keeps no reference to the table.

    Raises
    ------
    ValueError
        If an option is invalid, a date is outside the range of 64 bits of nanoseconds (1677 to 2262), or
        with ``dtype_backend="numpy"`` a column has nulls or an integer that no float64 equals.
    """
    builder = FrameBuilder(table.schema, index=index, dtype_backend=dtype_backend, nulls=nulls, consume=consume)
    batches = deque(table.to_batches())
    if len(batches) > 1:
        builder.reserve(table.num_rows)
    # Each batch is freed as soon as it is copied.
    del table
    while batches:
        builder.append(batches.popleft())
    return builder.finish()


def check_conversion(dtype_backend: str | None, nulls: str | None) -> None:
    """Check the options of a conversion before there is a table.

    Raises
    ------
    ValueError
        If the backend or ``nulls`` is unknown, or ``nulls`` is given for another backend than ``"numpy"``.
    """
    if dtype_backend is not None and dtype_backend not in get_args(DtypeBackend):
        raise ValueError(f"invalid dtype_backend {dtype_backend!r}: expected 'numpy', 'numpy_nullable' or 'pyarrow'")
    if nulls not in (None, "nan"):
        raise ValueError(f"invalid nulls {nulls!r}: expected 'nan'")
    if nulls is not None and dtype_backend != "numpy":
        raise ValueError(
            f"nulls={nulls!r} is for the integers of dtype_backend='numpy', others have real nulls: omit nulls, "
            "or use dtype_backend='numpy'"
        )


class FrameBuilder:
    """Converts record batches to one DataFrame, each as it arrives, so that they need not exist at once.

    Parameters
    ----------
    schema
        The schema of the batches.
    index, dtype_backend, nulls
        As in :func:`to_dataframe`.
    consume
        Whether the frame may take over the memory of the only batch.

    Raises
    ------
    ValueError
        If an option is invalid.
    """

    def __init__(
        self,
        schema: pa.Schema,
        *,
        index: str | None = None,
        dtype_backend: DtypeBackend | None = None,
        nulls: Nulls | None = None,
        consume: bool = False,
    ) -> None:
        check_conversion(dtype_backend, nulls)
        self._schema = schema
        self._consume = consume
        self._columns = {
            field.name: column_of(field, None if field.name == index else dtype_backend, nulls) for field in schema
        }
        self._timestamps: Timestamps | None = None
        if index is not None:
            timestamps = self._columns.get(index)
            if not isinstance(timestamps, Timestamps):
                raise ValueError(f"invalid index {index!r}: expected a column of timestamp[ns], got {schema}")
            self._timestamps = timestamps
        self._rows = 0
        self._capacity = 0
        # The only batch so far, whose memory may become that of the frame.
        self._first: pa.RecordBatch | None = None

    def append(self, batch: pa.RecordBatch) -> None:
        """Convert a batch; no reference to it remains after the next one, except to the memory of its strings.

        Raises
        ------
        ValueError
            As of :func:`to_dataframe`.
        """
        if not batch.schema.equals(self._schema):
            raise ValueError(f"expected batches of one schema, {self._schema}, not {batch.schema}")
        if not batch.num_rows:
            return
        if not self._rows and self._first is None:
            self._first = batch
            return
        self._copy_first()
        self._copy(batch)

    def reserve(self, rows: int) -> None:
        """Make room for a number of rows in total. Memory that is not written to yet is only reserved."""
        if rows > self._capacity:
            self._capacity = rows
            for column in self._columns.values():
                column.reserve(rows)

    def finish(self, *, sort: bool = False) -> pd.DataFrame:
        """Return the frame; the builder is empty afterwards.

        Parameters
        ----------
        sort
            Whether rows are sorted by the index: stable, those without a timestamp last.
        """
        if self._consume and self._first is not None:
            self._rows = self._first.num_rows
            for column, chunk in zip(self._columns.values(), self._first.columns, strict=True):
                column.take_over(chunk)
            self._first = None
        self._copy_first()
        for column in self._columns.values():
            column.trim(self._rows)
        order = self._timestamps.order() if self._timestamps is not None and sort else None
        if order is not None:
            for column in self._columns.values():
                column.sort(order)
        index: pd.Index[Any] = pd.RangeIndex(self._rows)
        columns = {}
        for name in list(self._columns):
            # Only the array remains.
            column = self._columns.pop(name)
            if column is self._timestamps:
                index = pd.DatetimeIndex(column.finish(), name=name, copy=False)
            else:
                columns[name] = column.finish()
        return pd.DataFrame(columns, index, list(columns), copy=False)

    def _copy_first(self) -> None:
        if self._first is not None:
            first, self._first = self._first, None
            self._copy(first)

    def _copy(self, batch: pa.RecordBatch) -> None:
        rows = slice(self._rows, self._rows + batch.num_rows)
        if rows.stop > self._capacity:
            self.reserve(max(rows.stop, 2 * self._capacity))
        for column, chunk in zip(self._columns.values(), batch.columns, strict=True):
            column.copy(chunk, rows)
        self._rows = rows.stop


def to_pandas_array(column: pa.ChunkedArray, name: str) -> Any:
    """Convert a column to the array of a DataFrame's column, with the default dtypes.

    Parameters
    ----------
    column
        The column.
    name
        Its name, for errors.

    Returns
    -------
    pandas.api.extensions.ExtensionArray
        It is writable.

    Raises
    ------
    ValueError
        If a date is outside the range of 64 bits of nanoseconds.
    """
    return to_dataframe(pa.table({name: column}))[name].array

"""Responses whose rows name their part, and the complete result of several parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

import tickframe as tf
from tests.faults.server import Received, Response, answer
from tickframe.plan.plan import Options
from tickframe.wire.contract import DataRequest, DataResponse
from tickframe.wire.frames import read_frames, write_frame

DAY = 16_926  # 2016-05-05
ROWS = 5
SECRET = "s3cr3t-t0k3n"


def framed_ticks(symbol: str, rows: int = ROWS, first: int = 0) -> bytes:
    """Return trades of a symbol in one frame; their sizes count up from ``first``."""
    response = DataResponse()
    columns = response.data.columns
    numbers = range(first, first + rows)
    columns["symbol"].string_list.values.extend([symbol] * rows)
    columns["date"].days_list.values.extend([DAY] * rows)
    columns["time"].nanoseconds_list.values.extend(32_400 * 10**9 + number for number in numbers)
    columns["trade"].double_list.values.extend(100 + number / 100 for number in numbers)
    columns["trade_size"].integer_list.values.extend(numbers)
    columns["trade_condition"].string_list.values.extend(["XT"] * rows)
    return write_frame(response.SerializeToString())


def symbols(count: int) -> list[str]:
    """Return symbols for a number of parts."""
    return [f"S{number:03}" for number in range(count)]


def symbol_of(request: Received) -> str:
    """Return the requested symbol."""
    return str(DataRequest.FromString(bytes(next(read_frames(request.body)))).parameters["symbol"].string_value)


def ticks_for(request: Received) -> Response:
    """Return the correct response to a request."""
    return answer(framed_ticks(symbol_of(request)))


def ask(client: tf.Client, asked: Sequence[str] = ("S000",), options: Options | None = None) -> tf.Query:
    """Return a query for the trades of symbols, with a part for each."""
    query = client.tick_data("ACTIV", list(asked), "2016-05-05", data_type="TRADES")
    if options is not None:
        query.plan = replace(query.plan, options=options)
    return query


def expected(asked: Iterable[str], rows: int = ROWS) -> list[tuple[str, int]]:
    """Return the symbol and the size of each expected row, in order."""
    return [(symbol, number) for symbol in asked for number in range(rows)]


def arrived(table: pa.Table) -> list[tuple[str, int]]:
    """Return the symbol and the size of each row of a result."""
    return list(zip(table["symbol"].to_pylist(), table["trade_size"].to_pylist(), strict=True))

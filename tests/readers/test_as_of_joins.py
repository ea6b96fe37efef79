"""As-of joins of real trades with quotes in DuckDB and Polars equal ``df.ticks.join_quotes``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd
import polars as pl
import pytest

import tickframe as tf

SYMBOLS = ["IBM.N", "BAC.N"]
DAYS = ("2013-10-07", "2013-10-08")
QUOTE = ["bid", "bid_size", "ask", "ask_size"]

# The last quote of each time, as join_quotes has it: several can have the same time.
JOIN = """
    with last_quotes as (
        select *, row_number() over (partition by symbol, timestamp order by number desc) as place
        from numbered_quotes
    )
    select bid, bid_size, ask, ask_size
    from numbered_trades asof left join (select * from last_quotes where place = 1) as quotes
      on numbered_trades.symbol = quotes.symbol and numbered_trades.timestamp >= quotes.timestamp
    order by numbered_trades.number
"""


class Real(NamedTuple):
    """The queries for trades and quotes, and the trades with the prevailing quotes."""

    trades: tf.Query
    quotes: tf.Query
    expected: pd.DataFrame


@pytest.fixture(scope="module")
def real(real_ticks: Path) -> Iterator[Real]:
    with tf.Client.sandbox(str(real_ticks)) as client:
        trades, quotes = (
            client.tick_data("LOCAL", SYMBOLS, DAYS, data_type=data_type) for data_type in ("TRADES", "QUOTES")
        )
        joined = trades.to_pandas(order="parts").ticks.join_quotes(quotes.to_pandas(order="parts"))
        yield Real(trades, quotes, joined[QUOTE].reset_index(drop=True))


def compare(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(found) > 50_000
    assert expected["bid"].notna().sum() > 50_000
    for name in QUOTE:
        # Zero for a null would hide one.
        left, right = (frame[name].astype("Float64").fillna(-1.0) for frame in (found, expected))
        pd.testing.assert_series_equal(left, right, check_names=False)


def test_duckdb(real: Real) -> None:
    numbered_trades, numbered_quotes = (
        query.to_polars().with_row_index("number").to_arrow() for query in (real.trades, real.quotes)
    )
    assert numbered_trades.num_rows < numbered_quotes.num_rows
    rows = duckdb.sql(JOIN).arrow()
    table = rows.read_all() if hasattr(rows, "read_all") else rows
    compare(table.to_pandas(types_mapper={}.get), real.expected)


def test_polars(real: Real) -> None:
    trades, quotes = (query.to_polars(order="time") for query in (real.trades, real.quotes))
    last = quotes.unique(["symbol", "timestamp"], keep="last", maintain_order=True).select(
        "timestamp", "symbol", *QUOTE
    )
    joined = trades.join_asof(last, on="timestamp", by="symbol", strategy="backward", check_sortedness=False)
    expected = real.trades.to_pandas().ticks.join_quotes(real.quotes.to_pandas())[QUOTE].reset_index(drop=True)
    compare(joined.select(QUOTE).to_pandas(), expected)


def test_polars_on_an_export(real: Real, tmp_path: Path) -> None:
    for query, name in ((real.trades, "trades"), (real.quotes, "quotes")):
        query.to_parquet(tmp_path / name, order="time")
    trades, quotes = (
        pl.scan_pyarrow_dataset(tf.scan_dataset(tmp_path / name)).filter(pl.col("symbol") == "IBM.N").collect()
        for name in ("trades", "quotes")
    )
    joined = trades.join_asof(quotes.select("timestamp", *QUOTE), on="timestamp", strategy="backward")
    frame = tf.read_dataset(tmp_path / "trades", symbols="IBM.N")
    expected = frame.ticks.join_quotes(tf.read_dataset(tmp_path / "quotes", symbols="IBM.N"))
    pd.testing.assert_series_equal(joined["bid"].to_pandas(), expected["bid"].reset_index(drop=True), check_names=False)

"""Calls as users write them, with the types that type checkers must infer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import assert_type

import pandas as pd
from matplotlib.figure import Figure

import tickframe as tf
from tickframe import compat
from tickframe.accessor import TickAccessor
from tickframe.run.outcomes import Outcome, Outcomes
from tickframe.sandbox import Dialect, Sandbox


def documented_functions(client: tf.Client) -> None:
    """Call each function with the types that it accepts."""
    day = dt.date(2016, 5, 5)
    assert_type(client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES"), tf.Query)
    client.tick_data(
        "ACTIV",
        ["ZAL.XE", "ADS.XE"],
        (day, pd.Timestamp("2016-05-06")),
        data_type=tf.TickDataType.QUOTES,
        from_time=dt.time(9),
        to_time=pd.Timedelta(hours=10),
        flags=[tf.TickDataFlag.USE_MARKET_TS, "INCLUDE_NON_REGULAR"],
    )
    client.tick_aggregated(source="ACTIV", symbol="ZAL.XE", day=day, data_type="TRADES", bin_size=60)
    client.tick_snapshot("ACTIV", ["ZAL.XE"], day, data_type="TRADES", time="12:00")
    client.order_data("ACTIV", ["ZAL.XE"], day, from_time="09:00")
    client.auction_data("ACTIV", "ZAL.XE", day)
    client.end_of_day("ACTIV", ["ZAL.XE"], day, day)
    client.settlement_prices("ACTIV", ["CL/17U.NXG"], "2016-05-02", "2016-05-06")
    client.reference_data("ACTIV", ["ZAL.XE"], day, instrument_type="equities")
    client.instrument_status("ACTIV", ["ZAL.XE"], day)
    client.tick_rules("ACTIV", ["ZAL.XE"], day)
    client.chain("ACTIV", "CL", "NYMEX", day, chain_type=tf.ChainType.FUTURES)
    client.lookup_sources()
    client.lookup_exchanges("ACTIV", exchange_filters="XETRA")
    client.lookup_symbols("ACTIV", "zal", page_limit=10)
    client.get("ACTIV", "tickData", symbol="ZAL.XE", levels=[1, 2], exact=True)
    client.get(source="ACTIV", endpoint="tickData", dateFrom=pd.Timestamp("2016-05-05"))
    client.get("ACTIV", request="tickData")
    client.get("LC", "lcGetSpreads", isins=["DE0005501357"], dateFrom=day, dateTo="2016-05-06")
    client.lookup_symbols("ACTIV", "zal", item_type_filters=[tf.ItemType.INDIVIDUAL_ITEM])


def vendor_names() -> None:
    """Call what the vendor's packages have."""
    connection = compat.XytClient(proxies={"https": "http://proxy:8888"})
    assert_type(connection.proxies, dict[str, str] | None)
    connection.proxies = {"https": "http://proxy:8889"}
    compat.ApiSettings.proxies = {"https": "http://proxy:8888"}
    vwap = compat.MarketAggregate(from_datetime=pd.Timestamp(0), to_datetime=pd.Timestamp(1), fields=["VWAP"])
    answer = compat.tick_analytics(source="TCA", symbols=["ORA.P"], metrics={"Market": vwap}, connection=connection)
    assert_type(answer.to_pandas(), pd.DataFrame)


def wrong_calls(client: tf.Client) -> None:
    """Make calls that type checkers reject: without their comments the check fails."""
    client.tick_data("ACTIV", "ZAL.XE", "2016-05-05")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    client.tick_data("ACTIV", 5, "2016-05-05", data_type="TRADES")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    client.end_of_day("ACTIV", "ZAL.XE", day="2016-05-05")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def caches(folder: Path) -> None:
    """Choose where responses are cached, and who gets them."""
    cache = tf.Cache(folder, max_bytes=50 * 10**9, shared=True)
    assert_type(cache.shared, bool)
    assert_type(tf.Client(cache=cache).cache, tf.Cache)


def conversions(query: tf.Query) -> None:
    """Convert a query, and look at its outcomes."""
    assert_type(query.to_pandas(index=None, dtype_backend="pyarrow"), pd.DataFrame)
    assert_type(query.to_pandas(dtype_backend="numpy", nulls="nan"), pd.DataFrame)
    options = {"compression": "snappy"}
    files = query.to_parquet(
        "ticks/", times="timestamp", tz={"XE": "Europe/Berlin"}, order="time", write_options=options
    )
    assert_type(files, list[Path] | list[str])
    assert_type(query.parts(), pd.DataFrame)
    assert_type(query.outcomes, Outcomes)
    assert_type(query.outcomes[0], Outcome)
    assert_type(query.outcomes[:1], Outcomes)
    assert_type(query.total_hits, int | None)
    assert_type(query.trade_conditions(), pd.DataFrame)
    assert_type(tf.read_dataset("ticks/", symbols=["ZAL.XE"], days=("2016-05-02", "2016-05-03")), pd.DataFrame)
    assert_type(tf.read_ticks("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES"), pd.DataFrame)


def accessor(trades: pd.DataFrame, quotes: pd.DataFrame) -> None:
    """Compute with the accessor; type checkers know it as ``TickAccessor(df)``, not as ``df.ticks``."""
    ticks = TickAccessor(trades)
    assert_type(ticks.bars("1min"), pd.DataFrame)
    assert_type(ticks.bars(pd.Timedelta(minutes=1)), pd.DataFrame)
    assert_type(ticks.bars("1D", label="end"), pd.DataFrame)
    assert_type(ticks.bars(volume=10_000), pd.DataFrame)
    assert_type(ticks.bars(dollar=1e6), pd.DataFrame)
    assert_type(ticks.join_quotes(quotes), pd.DataFrame)
    assert_type(ticks.vwap(), "pd.Series[float]")
    assert_type(ticks.spread(), "pd.Series[float]")
    assert_type(ticks.mid(), "pd.Series[float]")
    assert_type(ticks.plot(quotes, title="A day", currency="EUR"), Figure)
    ticks.bars("1min", label="left")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    ticks.bars(volume="much")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def dialects() -> None:
    """Speak what the documentation leaves open."""
    assert_type(Sandbox(dialect=Dialect(source="path", enums="numbers", endpoints={"chain": "chains"})), Sandbox)
    Dialect(source="header")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

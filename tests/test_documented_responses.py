"""Every documented function and data type over HTTP: columns, order and types of full, empty and null responses."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.catalogue import FUNCTIONS, Column, ColumnKind
from tickframe.wire.batch import documented_schema
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

DAY = "2016-09-02"
SYMBOLS = ["DBK.XE", "ADS.XE"]
DATA_TYPED = {"tick_data", "tick_aggregated", "tick_snapshot"}

# A query of each function, for some symbols and a kind.
QUERIES: dict[str, Callable[[tf.Client, list[str], str], tf.Query]] = {
    "tick_data": lambda c, s, kind: c.tick_data("ACTIV", s, DAY, data_type=kind),
    "tick_aggregated": lambda c, s, kind: c.tick_aggregated("ACTIV", s, DAY, data_type=kind),
    "tick_snapshot": lambda c, s, kind: c.tick_snapshot("ACTIV", s, DAY, data_type=kind, time="12:00"),
    "order_data": lambda c, s, _: c.order_data("ACTIV", s, DAY, from_time="09:00", to_time="09:02"),
    "auction_data": lambda c, s, _: c.auction_data("ACTIV", s, DAY),
    "end_of_day": lambda c, s, _: c.end_of_day("ACTIV", s, DAY, DAY),
    "settlement_prices": lambda c, s, _: c.settlement_prices("ACTIV", s, DAY, DAY),
    "instrument_status": lambda c, s, _: c.instrument_status("ACTIV", s, DAY),
    "reference_data": lambda c, s, kind: c.reference_data("ACTIV", s, DAY, instrument_type=kind),
    "tick_rules": lambda c, s, _: c.tick_rules("ACTIV", s, DAY),
    "chain": lambda c, s, kind: c.chain("ACTIV", s, "NYMEX", DAY, chain_type=kind),
    "lookup_sources": lambda c, _, __: c.lookup_sources(),
    "lookup_exchanges": lambda c, s, _: c.lookup_exchanges("ACTIV", exchange_filters=s),
    "lookup_symbols": lambda c, s, _: c.lookup_symbols("ACTIV", s[0]),
}


def kinds(name: str) -> list[str]:
    if name in DATA_TYPED:
        return list(tf.TickDataType)
    if name == "reference_data":
        return list(FUNCTIONS[name].instrument_columns)
    return list(tf.ChainType) if name == "chain" else [""]


CASES = [(name, kind) for name in FUNCTIONS for kind in kinds(name)]


def columns_of(name: str, kind: str) -> tuple[Column, ...]:
    return FUNCTIONS[name].columns_for(
        tf.TickDataType(kind) if name in DATA_TYPED else None, kind if name == "reference_data" else None
    )


def result_of(name: str, kind: str) -> tuple[Column, ...]:
    """Return the columns of a result: those of the response, and the requested symbol if it has none."""
    symbol = FUNCTIONS[name].symbol_column
    return columns_of(name, kind) if symbol is None else (symbol, *columns_of(name, kind))


def symbols_for(client: tf.Client, name: str, kind: str) -> list[str]:
    """Return symbols for which the function has data."""

    def members(chain_type: str, symbol: str, exchange: str) -> list[str]:
        found = client.chain("ACTIV", symbol, exchange, DAY, chain_type=chain_type).to_pandas()["symbol"]
        return found.head(2).tolist()

    if name == "settlement_prices" or kind == "futures":
        return members("FUTURES", "CL", "NYMEX")
    if kind == "options":
        return members("OPTIONS", "=DJX.W", "OPRA_COMPOSITE")
    if kind == "future_options":
        return members("FUTURE_OPTIONS", "CL", "NYMEX")
    if name == "chain":
        return ["CL"]
    return {"lookup_exchanges": ["XETRA"], "lookup_symbols": ["DBK"]}.get(name, SYMBOLS)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_response_has_the_documented_columns(client: tf.Client, name: str, kind: str) -> None:
    if (name, kind) == ("chain", "OPTIONS"):
        query = client.chain("ACTIV", "=DJX.W", "OPRA_COMPOSITE", DAY, chain_type=kind)
    else:
        query = QUERIES[name](client, symbols_for(client, name, kind), kind)
    table = query.to_arrow(times="documented")
    expected = documented_schema(result_of(name, kind))
    if name == "order_data":
        # Documented as a time, sent as an integer.
        at = expected.get_field_index("order_type")
        expected = expected.set(at, pa.field("order_type", pa.int64()))
    assert table.num_rows > 0
    assert table.schema == expected


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[0] != "lookup_sources"])
def test_an_empty_response_has_them_too(client: tf.Client, name: str, kind: str) -> None:
    table = QUERIES[name](client, ["NOBODY.XE"], kind).to_arrow(times="documented")
    assert table.num_rows == 0
    assert table.schema == documented_schema(result_of(name, kind))


# The list and the null of each kind of column that has a sentinel.
NULLS = {
    ColumnKind.INTEGER: ("integer_list", -(2**63)),
    ColumnKind.FLOAT: ("double_list", float("nan")),
    ColumnKind.DATE: ("days_list", -(2**31)),
    ColumnKind.TIME: ("nanoseconds_list", -(2**63)),
}


@pytest.mark.parametrize("unset", [False, True])
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_response_of_nulls_has_them_too(scripted: ScriptedServer, name: str, kind: str, unset: bool) -> None:
    """Nulls are sentinels or, as in columns without one, values that are not set."""
    response = DataResponse()
    for column in columns_of(name, kind):
        values = response.data.columns[column.name]
        if unset or column.kind not in NULLS:
            values.mixed_list.values.add()
            values.mixed_list.values.add()
        else:
            field, null = NULLS[column.kind]
            getattr(values, field).values.extend([null, null])
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = QUERIES[name](client, ["A"], kind)
        table = query.to_arrow(times="documented")
        frame = query.to_pandas(index=None)
    assert table.schema == documented_schema(result_of(name, kind))
    sent = [column.name for column in columns_of(name, kind)]
    assert all(column.null_count == 2 for column in table.select(sent).columns)
    assert frame[sent].isna().all(axis=None)
    assert isinstance(frame, pd.DataFrame)


def test_reference_data_without_a_type_keeps_the_received_columns_in_documented_order(client: tf.Client) -> None:
    future = symbols_for(client, "reference_data", "futures")[0]
    table = client.reference_data("ACTIV", ["DBK.XE", future], DAY).to_arrow(times="documented")
    documented = [column.name for column in FUNCTIONS["reference_data"].columns_for()]
    assert table.schema.names == [name for name in documented if name in table.schema.names]
    assert {"lot_size", "expiration_date"} < set(table.schema.names)
    assert table.column("expiration_date").null_count == 1


def test_a_lookup_shows_its_total_hits(client: tf.Client) -> None:
    query = client.lookup_symbols("ACTIV", "ZAL")
    assert query.total_hits is None
    frame = query.to_pandas()
    assert query.total_hits == len(frame) > 0
    assert f"{query.total_hits:,} hits" in repr(query)


def test_an_unknown_symbol_is_answered_with_similar_ones(client: tf.Client) -> None:
    query = client.tick_data("ACTIV", "ZALX.XE", DAY, data_type="TRADES")
    with pytest.warns(tf.TickframeWarning, match=r"did you mean.*ZAL\.XE"):
        query.to_arrow(times="documented")


def test_outcomes_hold_the_meanings_of_trade_conditions(client: tf.Client) -> None:
    flags = [tf.TickDataFlag.INCLUDE_TRADE_CONDITION_INFO]
    query = client.tick_data("ACTIV", "DBK.XE", DAY, data_type="TRADES", to_time="09:05", flags=flags)
    query.to_arrow(times="documented")
    conditions = query.trade_conditions()
    assert conditions.columns.tolist() == ["condition", "description", "category", "continuous_session"]
    meaning = conditions.set_index("condition").loc["AT"]
    assert meaning.tolist() == ["Automatic trade", "Lit", True]
    assert set(conditions["category"]) <= {"Dark", "Off", "Lit", "Lit - Auction", "Lit - Periodic Auction"}

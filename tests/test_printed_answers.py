"""The answers that the documentation prints, as frames of the service: names, order, types, nulls and values."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.catalogue import REQUESTS, ColumnKind, find_request
from tickframe.sandbox import Dialect, Sandbox
from tickframe.wire.batch import documented_schema
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

PRINTED: list[dict[str, Any]] = json.loads(
    files("tickframe.sandbox.answers").joinpath("printed.json").read_text("utf-8")
)
IDS = [f"{each['source']}-{each['request']}-{place}" for place, each in enumerate(PRINTED)]
EPOCH = dt.date(1970, 1, 1)

# Columns whose kind the pages document beside the catalogue of requests.
KINDS = {"int": "integer", "float": "float"}


def query(client: tf.Client, printed: dict[str, Any]) -> tf.Query:
    return client.get(printed["source"], printed["request"], **printed["parameters"])


def expected_schema(one: tf.Query, printed: dict[str, Any]) -> pa.Schema:
    schema = documented_schema(one.plan.columns)
    assert set(schema.names) == set(printed["columns"])
    return schema


def framed(one: tf.Query, printed: dict[str, Any]) -> bytes:
    """Return the printed rows as the service sends them; the columns of the wire have no order."""
    response = DataResponse()
    kinds = {column.name: column.kind for column in one.plan.columns}
    for name in sorted(printed["columns"], reverse=True):
        values, column = printed["columns"][name], response.data.columns[name]
        match kinds[name]:
            case ColumnKind.INTEGER:
                column.integer_list.values.extend(values)
            case ColumnKind.FLOAT:
                column.double_list.values.extend(float("nan") if value is None else value for value in values)
            case ColumnKind.DATE:
                column.days_list.values.extend((dt.date.fromisoformat(value) - EPOCH).days for value in values)
            case _ if None in values:
                for value in values:
                    item = column.mixed_list.values.add()
                    if value is not None:
                        item.string_value = value
            case _:
                column.string_list.values.extend(values)
    return write_frame(response.SerializeToString())


def loaded(table: pa.Table) -> dict[str, list[object]]:
    return {
        name: [value.isoformat() if isinstance(value, dt.date) else value for value in values]
        for name, values in table.to_pydict().items()
    }


@pytest.mark.parametrize("printed", PRINTED, ids=IDS)
def test_a_printed_answer_is_loaded_as_it_is_printed(scripted: ScriptedServer, printed: dict[str, Any]) -> None:
    with tf.Client(scripted.url, token="t") as client:
        one = query(client, printed)
        scripted.reply(Reply(framed(one, printed)))
        table = one.to_arrow(times="documented")
    assert table.schema == expected_schema(one, printed)
    assert loaded(table) == printed["columns"]


@pytest.mark.parametrize("printed", PRINTED, ids=IDS)
@pytest.mark.filterwarnings("ignore:only the:tickframe.TickframeWarning")
def test_the_sandbox_answers_as_it_is_printed(client: tf.Client, printed: dict[str, Any]) -> None:
    one = query(client, printed)
    table = one.to_arrow(times="documented")
    assert table.schema == expected_schema(one, printed)
    # A text has no null in a list of strings.
    texts = {column.name for column in one.plan.columns if column.kind in (ColumnKind.LABEL, ColumnKind.STRING)}
    assert loaded(table) == {
        name: ["" if value is None and name in texts else value for value in values]
        for name, values in printed["columns"].items()
    }
    assert bool(one.outcomes[0].warning) is not printed["is_whole"]


def test_the_sandbox_has_the_documented_columns_and_no_rows_for_other_parameters(client: tf.Client) -> None:
    one = client.get("LC", "lcGetMarketShare", isins=["NL0000235190"], dateFrom="2019-10-02", dateTo="2019-10-24")
    with pytest.warns(tf.TickframeWarning, match="lcGetMarketShare of LC is not simulated"):
        table = one.to_arrow(times="documented")
    assert table.num_rows == 0
    assert table.schema == documented_schema(one.plan.columns)


def test_the_sandbox_refuses_a_request_of_another_source(client: tf.Client) -> None:
    with pytest.raises(
        tf.errors.ServiceError, match="source 'ACTIV' has no lcGetMarketShare: expected one of LC, ETF-LC"
    ):
        client.get("ACTIV", "lcGetMarketShare").to_arrow()


@pytest.mark.parametrize("source", ["TCA", "SOMEWHERE"])
def test_a_lookup_has_the_columns_of_its_source(scripted: ScriptedServer, source: str) -> None:
    """None is added, and none is warned of: warnings are errors here."""
    response = DataResponse()
    for name in ("operating_mic", "symbol", "source", "item_type"):
        response.data.columns[name].string_list.values.append(name)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        names = client.lookup_symbols(source).to_arrow().column_names
    documented = ["source", "symbol"] + (["operating_mic"] if source == "TCA" else [])
    assert names[: len(documented)] == documented
    assert sorted(names) == ["item_type", "operating_mic", "source", "symbol"]


def test_a_lookup_of_exchanges_has_the_columns_of_its_source(scripted: ScriptedServer) -> None:
    response = DataResponse()
    response.data.columns["exchange"].string_list.values.append("XETRA")
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        assert client.lookup_exchanges("TCA").to_arrow().column_names == ["exchange"]


def test_an_empty_lookup_has_the_documented_columns_of_its_source(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(write_frame(DataResponse().SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        for source in ("TCA", "ACTIV"):
            one = client.lookup_symbols(source)
            assert one.to_arrow().schema == documented_schema(one.plan.columns)


def test_the_answers_are_those_of_the_documentation(specification: Path) -> None:
    facts = json.loads((specification / "printed_answers.json").read_text())
    assert [(each["source"], each["request"], each["parameters"], each["is_whole"]) for each in PRINTED] == [
        (each["source"], each["endpoint"], each["parameters"], not each["truncated"]) for each in facts
    ]
    assert [each["columns"] for each in PRINTED] == [each["columns"] for each in facts]
    assert all(find_request(each["source"], each["request"]) is not None for each in PRINTED)


def test_the_columns_of_metrics_have_the_printed_order_and_types(client: tf.Client, specification: Path) -> None:
    facts = tomllib.loads((specification / "requests.toml").read_text())["tick_analytics"]["columns_printed"]
    [printed] = [each for each in PRINTED if each["request"] == "tick_analytics"]
    columns = query(client, printed).plan.columns
    assert [(column.name, column.kind.value) for column in columns] == [
        (each["name"], KINDS[each["type"]]) for each in facts
    ]


REQUESTED = [(source, name) for source, requests in REQUESTS.items() for name in requests]

# A value for each parameter that the documented requests need.
NEEDED: dict[str, object] = {
    "isins": ["DE000A1EWWW0"],
    "dateFrom": "2019-10-02",
    "dateTo": "2019-10-24",
    "day": "2019-10-02",
    "date": "2019-10-02",
    "index": "UK100",
    "symbols": ["ORA.P"],
    "metrics": {"P": {"metric": "BookSnapshot", "datetime": "2019-10-10 10:00", "fields": ["ASK", "ASK_VENUE"]}},
}


def needed(source: str, name: str) -> dict[str, object]:
    return {each.name: NEEDED[each.name] for each in REQUESTS[source][name].parameters[1:] if each.required}


@pytest.mark.filterwarnings("ignore:.* is not simulated:tickframe.TickframeWarning")
@pytest.mark.parametrize(("source", "name"), REQUESTED)
def test_a_request_without_rows_has_the_documented_columns(client: tf.Client, source: str, name: str) -> None:
    parameters = needed(source, name)
    if "isins" in parameters:
        parameters["isins"] = ["NL0000235190"]
    one = client.get(source, name, **parameters)
    table = one.to_arrow(times="documented")
    assert one.plan.is_documented
    assert table.num_rows == 0
    assert table.schema == documented_schema(one.plan.columns)


@pytest.mark.parametrize(("source", "name"), REQUESTED)
def test_a_request_with_nulls_only_has_the_documented_columns(scripted: ScriptedServer, source: str, name: str) -> None:
    with tf.Client(scripted.url, token="t") as client:
        one = client.get(source, name, **needed(source, name))
        response = DataResponse()
        for column in one.plan.columns:
            if not column.optional:
                response.data.columns[column.name].mixed_list.values.add()
        scripted.reply(Reply(write_frame(response.SerializeToString())))
        table = one.to_arrow(times="documented")
    assert table.schema == documented_schema(one.plan.columns)
    assert all(column.null_count == 1 for column in table.columns)


def test_a_volume_profile_has_the_timestamps_of_its_bins(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["date"].days_list.values.append((dt.date(2020, 5, 11) - EPOCH).days)
    response.data.columns["symbol"].string_list.values.append("NOKIA.HE")
    response.data.columns["trade_time"].milliseconds_list.values.append(9 * 3_600_000)
    for column in REQUESTS["LC"]["lcGetVolumeProfile"].columns:
        if column.name not in ("date", "trade_time", "symbol"):
            response.data.columns[column.name].mixed_list.values.add()
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        one = client.get("LC", "lcGetVolumeProfile", **needed("LC", "lcGetVolumeProfile"))
        assert one.to_pandas().index.tolist() == [pd.Timestamp("2020-05-11 09:00")]
        assert {"date", "trade_time"} < set(one.to_pandas(index=None).columns)
        one.to_parquet(tmp_path / "profile")
        exported = tf.read_dataset(tmp_path / "profile")
        pd.testing.assert_frame_equal(exported, one.to_pandas(), check_categorical=False)


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_a_request_is_cached_once_its_days_have_passed(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        for name in ("lcGetIsinList", "lcGetMarketShareMonthlyStatsByIndex"):
            client.get("LC", name, dateFrom="2019-10-02", dateTo="2019-10-05").to_arrow()
        client.cache.flush()
        # Averages of a month change until it is over.
        assert client.cache.info().functions == {"lcGetIsinList": 1}
        again = client.get("LC", "lcGetIsinList", dateFrom="2019-10-02", dateTo="2019-10-05")
        assert again.to_arrow(cache="only").num_rows == 5


@pytest.mark.filterwarnings("ignore:only the:tickframe.TickframeWarning")
def test_a_request_is_answered_in_another_dialect() -> None:
    dialect = Dialect(source="path", parameter_names={"isins": "isinList"}, endpoints={"lcGetBestPrices": "bestPrices"})
    settings: dict[str, Any] = {
        "path_template": "/get/{source}/{endpoint}",
        "parameter_names": {"isins": "isinList"},
        "endpoints": {"lcGetBestPrices": "bestPrices"},
    }
    with Sandbox(dialect=dialect) as sandbox, tf.Client(**sandbox.account, **settings) as client:
        [printed] = [each for each in PRINTED if each["request"] == "lcGetBestPrices"]
        assert query(client, printed).to_arrow().num_rows == 5

"""``auction_data`` says whose rows they are, although the service does not: in every result, and from the cache."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.cache.key import key_of
from tickframe.cache.process_locks import ProcessLock
from tickframe.catalogue import FUNCTIONS
from tickframe.plan.part import Part
from tickframe.sandbox import Sandbox
from tickframe.settings import resolve_settings
from tickframe.wire.batch import LABEL, to_record_batch
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import Response

SYMBOLS, DAYS = ["ZAL.XE", "ADS.XE"], ("2016-05-04", "2016-05-05")
SENT = [column.name for column in FUNCTIONS["auction_data"].columns]


@pytest.fixture
def cached(sandbox: Sandbox, tmp_path: Path) -> Iterator[tf.Client]:
    with tf.Client(**sandbox.account, cache=tf.Cache(tmp_path / "cache", shared=True)) as client:
        yield client


def auctions(client: tf.Client) -> tf.Query:
    return client.auction_data("ACTIV", SYMBOLS, DAYS)


def test_rows_of_two_symbols_can_be_told_apart(client: tf.Client) -> None:
    """Each symbol and day is a request, and its rows have the symbol and are otherwise as sent."""
    table = auctions(client).to_arrow()
    assert table.schema.names == ["symbol", *SENT]
    assert table.schema.field("symbol").type == LABEL
    days = pd.date_range(*DAYS).date
    single = [client.auction_data("ACTIV", symbol, day).to_arrow() for day in days for symbol in SYMBOLS]
    assert all(part.num_rows for part in single)
    assert table.to_pylist() == pa.concat_tables(single).to_pylist()
    for symbol in SYMBOLS:
        assert client.auction_data("ACTIV", symbol, DAYS).to_pandas()["symbol"].unique().tolist() == [symbol]


def test_one_symbol_is_still_a_list_in_the_request(client: tf.Client) -> None:
    """As documented, in requests of one symbol and day, day by day."""
    asked = [dict(part.parameters) for part in auctions(client).plan.parts]
    assert [(part["symbols"], str(part["day"])) for part in asked] == [
        ((symbol,), day) for day in DAYS for symbol in SYMBOLS
    ]


def test_they_can_be_exported_by_symbol(client: tf.Client, tmp_path: Path) -> None:
    auctions(client).to_parquet(tmp_path)
    table = auctions(client).to_arrow()
    for symbol in SYMBOLS:
        files = [pq.read_table(file, partitioning=None) for file in (tmp_path / f"symbol={symbol}").glob("*.parquet")]
        assert all(file.schema.names == SENT for file in files)
        assert sum(map(len, files)) == table.filter(pc.field("symbol") == symbol).num_rows > 0


def test_the_cache_and_its_dataset_have_the_symbol_too(cached: tf.Client) -> None:
    fetched = auctions(cached).to_arrow()
    again = auctions(cached).to_arrow(cache="only")
    assert again.schema == fetched.schema
    assert again.to_pylist() == fetched.to_pylist()
    assert cached.cache is not None
    dataset = cached.cache.dataset("auction_data")
    assert dataset.schema.names == fetched.schema.names
    rows = fetched.to_pylist()
    assert sorted(map(repr, dataset.to_table().to_pylist())) == sorted(map(repr, rows))
    of_one = dataset.to_table(filter=pc.field("symbol") == "ADS.XE")
    assert of_one.to_pylist() == [row for row in rows if row["symbol"] == "ADS.XE"]


def test_dask_has_the_symbol(client: tf.Client) -> None:
    pytest.importorskip("dask.dataframe")
    query = auctions(client)
    lazy = query.to_dask()
    assert list(lazy.columns) == ["symbol", *SENT]
    loaded = lazy.compute(scheduler="synchronous").reset_index(drop=True)
    assert loaded["symbol"].tolist() == query.to_pandas()["symbol"].tolist()


def write_before(client: tf.Client, account: Mapping[str, Any], *symbols: str) -> None:
    """Cache an auction at the price of 41.5 for a request as version 0.1.0 did, without a column of the symbol."""
    function = FUNCTIONS["auction_data"]
    parameters = (("source", "ACTIV"), ("symbols", symbols), ("day", dt.date(2016, 5, 4)))
    part = Part(function.name, function.endpoint, parameters, function.columns)
    batch, _ = to_record_batch({"auction": pa.array([41.5])}, function.columns)
    request = {"function": function.name, **part.words()}
    assert client.cache is not None
    key, fetched = key_of(part, resolve_settings(**account)), dt.datetime.now(dt.UTC)
    client.cache.write(key, Response((batch,), rows=1, bytes=9), request, fetched, ProcessLock())


def test_entries_written_before_are_found(sandbox: Sandbox, cached: tf.Client) -> None:
    """Those of one symbol have it in queries and in the dataset; whose rows those of several hold is not known."""
    assert cached.cache is not None
    write_before(cached, sandbox.account, "ZAL.XE")
    write_before(cached, sandbox.account, "ADS.XE", "BMW.XE")
    table = cached.auction_data("ACTIV", "ZAL.XE", DAYS[0]).to_arrow(cache="only")
    assert table.select(["symbol", "auction"]).to_pylist() == [{"symbol": "ZAL.XE", "auction": 41.5}]
    with pytest.raises(tf.errors.NotCachedError):
        cached.auction_data("ACTIV", ["ADS.XE", "BMW.XE"], DAYS[0]).to_arrow(cache="only")
    assert cached.cache.dataset("auction_data").to_table()["symbol"].to_pylist() == ["ZAL.XE"]


def test_the_key_of_a_cached_response_is_that_of_version_0_1_0() -> None:
    [part] = tf.Client("https://example.com", token="t").auction_data("ACTIV", "ZAL.XE", "2016-05-05").plan.parts
    assert key_of(part, resolve_settings(base_url="https://example.com", token="t")).name == (
        "source=ACTIV/function=auction_data/symbol=ZAL.XE/date=2016-05-05/day-bb87ee7691443b69089ee4f96c14a11a.parquet"
    )


@pytest.mark.parametrize("symbol", ["auctioned", None])
def test_a_symbol_that_the_service_sends_is_kept(scripted: ScriptedServer, symbol: str | None) -> None:
    """Also where it is null: what was sent is not replaced."""
    response = DataResponse()
    response.data.columns["auction"].double_list.values.append(41.5)
    if symbol is None:
        response.data.columns["symbol"].mixed_list.values.add()
    else:
        response.data.columns["symbol"].string_list.values.append(symbol)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client, pytest.warns(tf.TickframeWarning, match="lacks the documented"):
        table = client.auction_data("ACTIV", "ZAL.XE", DAYS[0]).to_arrow()
    assert table.schema.names == ["symbol", *SENT]
    assert table.schema.field("symbol").type == LABEL
    assert table["symbol"].to_pylist() == [symbol]

"""Entries that version 0.1.0 wrote are found and read: the key, the file and its provenance are a format."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import feather

import tickframe as tf
from tickframe.cache import Verification

WRITTEN = Path(__file__).parent.parent / "data" / "written_by_0.1.0"
DAYS = ("2016-05-05", "2016-05-07")
MINUTES = {"from_time": "09:00", "to_time": "09:02"}
QUERIES: dict[str, Callable[[tf.Client], tf.Query]] = {
    "trades": lambda client: client.tick_data("ACTIV", ["ZAL.XE", "ADS.XE"], DAYS, data_type="TRADES", **MINUTES),
    "quotes": lambda client: client.tick_data("ACTIV", "ZAL.XE", DAYS[0], data_type="QUOTES", **MINUTES),
    "flags": lambda client: client.tick_data(
        "ACTIV", "ZAL.XE", DAYS[0], data_type="TRADES", flags=["INCLUDE_NON_REGULAR"], **MINUTES
    ),
    "end_of_day": lambda client: client.end_of_day("ACTIV", ["ZAL.XE", "ADS.XE"], "2016-05-02", "2016-05-06"),
    "get": lambda client: client.get(
        "ACTIV",
        "tickData",
        dataType="TRADES",
        symbol="ZAL.XE",
        day=dt.date(2016, 5, 5),
        fromTime=dt.time(9, 0),
        toTime=dt.time(9, 1),
    ),
    "reference": lambda client: client.reference_data("ACTIV", ["ZAL.XE"], DAYS[0]),
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[tf.Client]:
    """Return a client that can reach no service, with a copy of the cache, which had no accounts then."""
    place = shutil.copytree(WRITTEN / "cache", tmp_path / "cache")
    namespace = (WRITTEN / "service.txt").read_text().strip()
    shared = tf.Cache(place, shared=True)
    with tf.Client(token="t", base_url="https://127.0.0.1:1", cache=shared, cache_namespace=namespace) as offline:
        yield offline


def written(name: str) -> pa.Table:
    return unified(feather.read_table(WRITTEN / "expected" / f"{name}.arrow"))


def unified(table: pa.Table) -> pa.Table:
    """Return the table as one chunk, with one dictionary for each column as in an Arrow file."""
    return table.unify_dictionaries().combine_chunks()


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_returns_what_it_returned_then(client: tf.Client, name: str) -> None:
    expected = written(name)
    table = unified(QUERIES[name](client).to_arrow(times="documented", cache="only"))
    assert table.schema.equals(expected.schema, check_metadata=True)
    assert table.equals(expected)
    assert table.num_rows > 0


def test_a_narrower_window_is_cut_from_what_was_written_then(client: tf.Client) -> None:
    first, last = (pa.scalar(seconds * 10**9, pa.duration("ns")) for seconds in (9 * 3600 + 30, 9 * 3600 + 60))
    rows = written("quotes")
    expected = rows.filter(pc.and_(pc.greater_equal(rows["time"], first), pc.less_equal(rows["time"], last)))
    query = client.tick_data("ACTIV", "ZAL.XE", DAYS[0], data_type="QUOTES", from_time="09:00:30", to_time="09:01:00")
    table = query.to_arrow(times="documented", cache="only")
    assert 0 < table.num_rows < rows.num_rows
    assert table.to_pylist() == expected.to_pylist()


def test_the_entries_are_listed_and_sound(client: tf.Client) -> None:
    assert client.cache.info().functions == {
        "tick_data": 8,
        "end_of_day": 1,
        "reference_data": 1,
        "get tickData": 1,
    }
    assert client.cache.verify() == Verification(entries=11, dropped=())


def test_entries_without_timestamps_are_named_and_read_as_documented(client: tf.Client) -> None:
    with pytest.raises(ValueError, match=r"of 4 cached .* have no timestamps.*times='documented'"):
        client.cache.dataset(data_type="TRADES", flags=None)
    documented = client.cache.dataset(data_type="TRADES", flags=None, times="documented")
    assert documented.schema.names[:3] == ["symbol", "date", "time"]
    assert documented.count_rows() > 0


def test_no_account_gets_them_alone_and_none_loses_them(client: tf.Client) -> None:
    """They name no account, so only a shared cache returns them."""
    place = client.cache.place
    with tf.Client(
        user="someone",
        password="p",
        base_url="https://127.0.0.1:1",
        cache=place,
        cache_namespace=client.settings.cache_namespace,
    ) as private:
        assert not QUERIES["trades"](private).parts()["cached"].any()
        with pytest.raises(ValueError, match="holds no tick_data"):
            private.cache.dataset()
        assert private.cache.verify() == Verification(entries=11, dropped=())
    assert QUERIES["trades"](client).parts()["cached"].all()

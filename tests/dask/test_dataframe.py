"""Lazy Dask DataFrames: their contents, on one machine and on a cluster."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import dask
import distributed
import pandas as pd
import pyarrow as pa
import pytest

import tickframe as tf
import tickframe.dask
from tests.dask.conftest import SYMBOLS
from tickframe.arrow_to_pandas import FrameBuilder
from tickframe.dask import dataframe

pytestmark = pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")


def with_pandas(query: tf.Query) -> pd.DataFrame:
    """Load a query with pandas, sorted as the partitions are."""
    return query.to_pandas().sort_index(kind="stable")


@pytest.mark.usefixtures("cluster")
def test_two_workers_load_the_frame_of_one_machine(trades: tf.Query) -> None:
    assert len(trades.parts()) == 200
    lazy = trades.to_dask()
    assert lazy.npartitions == 100
    pd.testing.assert_frame_equal(lazy.compute(), with_pandas(trades))
    by_part = tickframe.dask.from_query(trades, "part")
    assert (by_part.npartitions, by_part.known_divisions) == (200, False)
    pd.testing.assert_frame_equal(by_part.compute(), trades.to_pandas(order="parts"))
    numbered = tickframe.dask.from_query(trades, index=False).compute().reset_index(drop=True)
    pd.testing.assert_frame_equal(numbered, trades.to_pandas(order="parts").reset_index())
    documented = tickframe.dask.from_query(trades, index=False, times="documented").compute().reset_index(drop=True)
    pd.testing.assert_frame_equal(documented, trades.to_pandas(index=None))


def test_killing_a_worker_does_not_change_the_frame(cluster: distributed.Client, trades: tf.Query) -> None:
    """The other worker loads its partitions again, and its leases expire."""
    loading = trades.to_dask().persist()
    first = next(iter(distributed.as_completed(distributed.futures_of(loading))))
    holder = next(iter(cluster.who_has([first])[first.key]))
    os.kill(cluster.run(os.getpid)[holder], signal.SIGKILL)
    pd.testing.assert_frame_equal(loading.compute(), with_pandas(trades))


def test_the_threads_of_one_machine_use_the_client_of_the_query(week: tf.Query) -> None:
    """The environment has no account."""
    with dask.config.set(scheduler="threads"):
        pd.testing.assert_frame_equal(week.to_dask().compute(), with_pandas(week))


def test_dtypes_are_those_of_pandas_before_and_after_computing(week: tf.Query) -> None:
    lazy = week.to_dask()
    frame = with_pandas(week)
    with dask.config.set(scheduler="synchronous"):
        computed = lazy.compute()
    assert lazy.dtypes.astype(str).to_dict() == computed.dtypes.astype(str).to_dict()
    assert computed.dtypes.to_dict() == frame.dtypes.to_dict()
    assert str(computed["trade_size"].dtype) == "Int64"
    assert computed["trade_size"].max() > 2**60
    assert not lazy["symbol"].cat.known
    assert lazy.index.dtype == computed.index.dtype == "datetime64[ns]"
    assert set(computed.index.nanosecond) == {7}
    assert computed.index.name == lazy.index.name == "timestamp"


def test_divisions_are_days_including_empty_ones(week: tf.Query) -> None:
    lazy = week.to_dask()
    assert lazy.divisions[:2] == (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02"))
    assert lazy.divisions[-1] == pd.Timestamp("2024-01-08") - pd.Timedelta(1, "ns")
    with dask.config.set(scheduler="synchronous"):
        partitions = [lazy.get_partition(number).compute() for number in range(7)]
    assert [len(partition) for partition in partitions] == [80] * 5 + [0] * 2
    for number, partition in enumerate(partitions):
        assert partition.dtypes.astype(str).to_dict() == lazy.dtypes.astype(str).to_dict()
        assert partition.index.is_monotonic_increasing
        assert (partition.index >= lazy.divisions[number]).all()
        assert (partition.index < lazy.divisions[number] + pd.Timedelta(days=1)).all()


def test_a_day_can_begin_with_a_repeated_midnight(client: tf.Client) -> None:
    """In Havana clocks went back from 1 to 0 o'clock."""
    query = client.tick_data("ACTIV", "ZAL.XE", ("2016-11-04", "2016-11-07"), data_type="TRADES", to_time="09:10")
    lazy = tickframe.dask.from_query(query, tz="America/Havana")
    assert lazy.divisions[2:4] == (
        pd.Timestamp("2016-11-06 04:00", tz="UTC"),
        pd.Timestamp("2016-11-07 05:00", tz="UTC"),
    )


@pytest.mark.usefixtures("cluster")
def test_bars_are_those_of_pandas(week: tf.Query) -> None:
    """Dask's bins begin and end with the divisions, those of pandas with the first and the last row."""
    expected = with_pandas(week)["trade"].resample("1min").mean()
    bars = week.to_dask()["trade"].resample("1min").mean().compute()
    pd.testing.assert_series_equal(bars[expected.index[0] : expected.index[-1]], expected, check_freq=False)
    assert bars.count() == expected.count()


@pytest.mark.usefixtures("cluster")
def test_groups_are_those_of_pandas(week: tf.Query) -> None:
    sums = week.to_dask().groupby("symbol", observed=True)[["trade_size", "trade"]].agg(["count", "max"]).compute()
    expected = with_pandas(week).groupby("symbol", observed=True)[["trade_size", "trade"]].agg(["count", "max"])
    pd.testing.assert_frame_equal(sums.sort_index(), expected.sort_index(), check_categorical=False)


@pytest.mark.usefixtures("cluster")
def test_a_dataset_written_by_dask_reads_back(week: tf.Query, tmp_path: Path) -> None:
    week.to_dask().to_parquet(tmp_path)
    read = pd.read_parquet(tmp_path)
    pd.testing.assert_frame_equal(read, with_pandas(week), check_categorical=False)


def test_only_needed_columns_are_converted_to_pandas(week: tf.Query, monkeypatch: pytest.MonkeyPatch) -> None:
    converted = []

    class RecordingBuilder(FrameBuilder):
        def __init__(self, schema: pa.Schema, **options: Any) -> None:
            converted.append(schema.names)
            super().__init__(schema, **options)

    lazy = week.to_dask()
    monkeypatch.setattr(dataframe, "FrameBuilder", RecordingBuilder)
    with dask.config.set(scheduler="synchronous"):
        assert lazy["trade_size"].max().compute() == lazy["trade_size"].compute().max()
        pd.testing.assert_frame_equal(lazy[["trade", "symbol"]].compute(), with_pandas(week)[["trade", "symbol"]])
    needed = [{"trade_size", "timestamp"}, {"trade", "symbol", "timestamp"}]
    assert [set(names) for names in converted] == [needed[0]] * 14 + [needed[1]] * 7


def test_the_error_names_the_missing_extra(week: tf.Query, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tickframe.dask", "tickframe.dask.export"):
        monkeypatch.setitem(sys.modules, module, None)
    for convert in (week.to_dask, lambda: week.to_parquet(tmp_path, engine="dask")):
        with pytest.raises(tf.errors.SettingsError, match=r"tickframe\[dask\]"):
            convert()


def test_a_query_that_cannot_be_lazy_is_rejected_before_anything_is_sent(client: tf.Client, week: tf.Query) -> None:
    with pytest.raises(ValueError, match="not documented"):
        client.get("LOCAL", "tickData").to_dask()
    with pytest.raises(ValueError, match="partition='part'"):
        client.end_of_day("LOCAL", SYMBOLS, "2024-01-01", "2024-01-05").to_dask()
    with pytest.raises(ValueError, match="'month'"):
        tickframe.dask.from_query(week, "month")


def test_responses_without_a_time_have_numbered_rows(client: tf.Client) -> None:
    query = client.end_of_day("LOCAL", SYMBOLS, "2024-01-01", "2024-01-05")
    with dask.config.set(scheduler="synchronous"):
        pd.testing.assert_frame_equal(tickframe.dask.from_query(query, "part").compute(), query.to_pandas())

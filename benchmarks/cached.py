"""The cache: a load from it, a part of a cached day, and the cost of writing during the first load."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq

import tickframe as tf
from benchmarks.frames import SYMBOL
from benchmarks.markdown import milliseconds, table, times
from benchmarks.services import DAY, days_of_trades, sandbox_process, write_market
from benchmarks.timing import Timing, interleaved

_ROUNDS = 5
_ROWS = 1_000_000
_SMALL_PARTS, _SMALL_ROWS = 1_000, 200
_BULK_PARTS, _BULK_ROWS, _DELAY = 60, 50_000, 0.05


def cache_section() -> str:
    """Time loads with and without the cache."""
    with tempfile.TemporaryDirectory() as folder:
        day = _time_a_day(Path(folder) / "day")
        small = _time_small_parts(Path(folder) / "small")
        first = _time_first_loads(Path(folder) / "bulk")
    rows = [
        (
            f"a day of {_ROWS:,} rows to DataFrame, relative to `read_table(...).to_pandas()` of the same file",
            times(day["cache"].ratio(day["file"])),
            "at most 1.3x",
        ),
        (
            "the same, relative to loading it from the sandbox",
            times(day["cache"].ratio(day["sandbox"])),
            "at most 0.5x",
        ),
        ("10 minutes of that day, relative to the whole day", times(day["window"].ratio(day["cache"])), "under 0.2x"),
        (f"each of {_SMALL_PARTS:,} small parts, including opening the client", milliseconds(small), "under 1.5 ms"),
        (
            "first load of many parts with a cache, relative to one without",
            times(first["cached"].ratio(first["uncached"])),
            "at most 1.15x",
        ),
        ("the same, until everything is on disk", times(first["flushed"].ratio(first["uncached"])), ""),
    ]
    return (
        "## The cache\n\nCompared with a sandbox in a process of its own that encodes each response again; for the "
        "first loads each response is delayed by 50 ms, as over a network. The cache is written in the background.\n\n"
        + table(("what", "result", "target"), rows)
    )


def _time_a_day(folder: Path) -> dict[str, Timing]:
    """Time a long day from the cache, by pandas from the same file, from the sandbox; and ten minutes of it."""
    write_market(folder / "market", _ROWS)
    cache = tf.Cache(folder / "cache")
    with sandbox_process(folder / "market") as account, tf.Client(**account, cache=cache) as client:
        query = client.tick_data("LOCAL", SYMBOL, DAY, data_type="TRADES_AND_QUOTES")
        window = client.tick_data(
            "LOCAL", SYMBOL, DAY, data_type="TRADES_AND_QUOTES", from_time="12:00", to_time="12:10"
        )
        query.to_pandas()
        cache.flush()
        [file] = (folder / "cache").rglob("*.parquet")
        timings = interleaved(
            {
                "cache": query.to_pandas,
                "file": lambda: pq.read_table(file).to_pandas(),
                "sandbox": lambda: query.to_pandas(cache="off"),
                "window": window.to_pandas,
            },
            _ROUNDS,
        )
        if window.outcomes[0].origin != "cache":
            raise ValueError("the ten minutes were not read from the cached day")
    return timings


def _time_small_parts(folder: Path) -> float:
    """Return the seconds for each of many cached parts, including a new client."""
    write_market(folder / "market", _SMALL_ROWS, _SMALL_PARTS)
    cache = tf.Cache(folder / "cache")
    with sandbox_process(folder / "market") as account:

        def load() -> None:
            with tf.Client(**account, cache=cache) as client:
                days_of_trades(client, _SMALL_PARTS).to_pandas()

        load()
        return interleaved({"small": load}, _ROUNDS)["small"].median / _SMALL_PARTS


def _time_first_loads(folder: Path) -> dict[str, Timing]:
    """Time many parts with an empty cache, without a cache, and until the cache is on disk."""
    write_market(folder / "market", _BULK_ROWS, _BULK_PARTS)
    caches: list[tf.Cache] = []
    with sandbox_process(folder / "market", _DELAY) as account:

        def uncached() -> object:
            return days_of_trades(tf.Client(**account, cache=False), _BULK_PARTS).to_arrow()

        def cached() -> object:
            caches.append(tf.Cache(folder / f"cache-{len(caches)}"))
            return days_of_trades(tf.Client(**account, cache=caches[-1]), _BULK_PARTS).to_arrow()

        def flushed() -> object:
            loaded = cached()
            caches[-1].flush()
            return loaded

        def flush() -> None:
            for cache in caches:
                cache.flush()

        return interleaved({"cached": cached, "uncached": uncached, "flushed": flushed}, _ROUNDS, after=flush)

"""The cache: a second load beside a file read, a window beside its day, and what writing adds to a first load."""

from __future__ import annotations

import datetime as dt
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

import tickframe as tf
from benchmarks.market import DAY, SYMBOL, write_market
from benchmarks.measure import Timing, in_turns
from benchmarks.service_process import Account, served

__all__ = ["Cached", "measure_cached"]

_ROWS = 1_000_000
_SMALL_PARTS, _SMALL_ROWS = 1_000, 200
_BULK_PARTS, _BULK_ROWS, _DELAY = 60, 50_000, 0.05


@dataclass
class Cached:
    """What was measured, each pair in turns.

    Attributes
    ----------
    warm, plain, loopback
        Seconds for a DataFrame of a long day: out of the cache, by pandas out of the same file, and
        from the sandbox on loopback.
    window
        Seconds for ten minutes of that day, out of the cache.
    small
        Seconds for each of many small parts, a new client included.
    cold, uncached
        Seconds for many parts with 50 ms added to each answer: written into an empty cache, and with
        no cache at all.
    written
        Seconds until all of those stand on disk too.
    """

    warm: Timing
    plain: Timing
    loopback: Timing
    window: Timing
    small: Timing
    cold: Timing
    uncached: Timing
    written: Timing


def measure_cached(rounds: int) -> Cached:
    """Measure against sandboxes in processes of their own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        day = _time_a_day(folder / "day", rounds)
        small = _time_small_parts(folder / "small", rounds)
        bulk = _time_first_loads(folder / "bulk", rounds)
    return Cached(*day, small, *bulk)


def _time_a_day(folder: Path, rounds: int) -> tuple[Timing, Timing, Timing, Timing]:
    write_market(folder / "market", _ROWS)
    cache = tf.Cache(folder / "cache")
    with served(0.0, str(folder / "market")) as account, _client(account, cache) as client:
        asked = ("LOCAL", SYMBOL, DAY)
        query = client.tick_data(*asked, data_type="TRADES_AND_QUOTES")
        window = client.tick_data(*asked, data_type="TRADES_AND_QUOTES", from_time="12:00", to_time="12:10")
        query.to_pandas()
        cache.flush()
        [file] = (folder / "cache").rglob("*.parquet")
        times = in_turns(
            {
                "warm": query.to_pandas,
                "plain": lambda: pq.read_table(file).to_pandas(),
                "loopback": lambda: query.to_pandas(cache="off"),
                "window": window.to_pandas,
            },
            rounds,
        )
        if window.outcomes[0].origin != "cache":
            raise ValueError("the window was not cut out of the day")
    return times["warm"], times["plain"], times["loopback"], times["window"]


def _time_small_parts(folder: Path, rounds: int) -> Timing:
    write_market(folder / "market", _SMALL_ROWS, _SMALL_PARTS)
    cache = tf.Cache(folder / "cache")
    with served(0.0, str(folder / "market")) as account:

        def load() -> None:
            with _client(account, cache) as client:
                _days(client, _SMALL_PARTS).to_pandas()

        load()
        seconds = in_turns({"small": load}, rounds)["small"].seconds
    return Timing(tuple(each / _SMALL_PARTS for each in seconds))


def _time_first_loads(folder: Path, rounds: int) -> tuple[Timing, Timing, Timing]:
    write_market(folder / "market", _BULK_ROWS, _BULK_PARTS)
    caches: list[tf.Cache] = []
    with served(_DELAY, str(folder / "market")) as account:

        def uncached() -> object:
            return _days(_client(account, None), _BULK_PARTS).to_arrow()

        def cold() -> object:
            caches.append(tf.Cache(folder / f"cache-{len(caches)}"))
            return _days(_client(account, caches[-1]), _BULK_PARTS).to_arrow()

        def written() -> object:
            table = cold()
            caches[-1].flush()
            return table

        def flush() -> None:
            for cache in caches:
                cache.flush()

        times = in_turns({"cold": cold, "uncached": uncached, "written": written}, rounds, after=flush)
    return times["cold"], times["uncached"], times["written"]


def _client(account: Account, cache: tf.Cache | None) -> tf.Client:
    return tf.Client(**account._asdict(), cache=cache if cache is not None else False)


def _days(client: tf.Client, count: int) -> tf.Query:
    return client.tick_data("LOCAL", SYMBOL, (DAY, DAY + dt.timedelta(days=count - 1)), data_type="TRADES")

"""Put the decoder beside its peers: time, memory, and the whole way over HTTP.

Absolute times belong to the machine; the ratios are the result::

    python -m benchmarks.run            everything; writes results.md and results.png beside this file
    python -m benchmarks.run --quick    the main answer alone, in few rounds; prints, and writes nothing
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import tickframe as tf
from benchmarks.agreement import check
from benchmarks.bulk import measure_bulk
from benchmarks.cached import measure_cached
from benchmarks.cluster import measure_cluster
from benchmarks.frames import ANSWERS, LOOKUP, ORDERS, QUOTES, TICKS, TRADES, Answer, Frame, make_frame, write
from benchmarks.measure import in_turns
from benchmarks.memory import measure_peaks
from benchmarks.over_http import time_over_http
from benchmarks.report import LONG, LOOKUP_ROWS, READING, WRITING, Comparison, Results, draw_chart, write_page
from benchmarks.ways import FALLBACK, LISTS, OURS, PTARS, VIEWS, WAYS

_FOLDER = Path(__file__).parent

_LONGEST = 10_000_000

#: How many rounds a frame of so many rows gets.
_ROUNDS = {LOOKUP_ROWS: 25, 1_000: 15, 100_000: 9, LONG: 4, _LONGEST: 3}
_MAIN_ROUNDS = 9
_QUICK_ROUNDS = 3
_HTTP_ROUNDS = 7
_BULK_ROUNDS = 3
_CACHE_ROUNDS = 5

# The table, its frame, the parser's message and two decoded tables stand beside each other.
_MEMORY_OF_LONGEST = 10 * 2**30


def measure(*, quick: bool) -> Results:
    """Check that the ways agree, then measure them."""
    results = Results()
    started = time.perf_counter()
    for answer in ANSWERS:
        check(WAYS, make_frame(answer, 1_000, seed=1))
    _say("every way reads the same values")
    for answer, rows in _plan(quick=quick):
        _say(f"{answer.name}, {rows:,} rows")
        frame = make_frame(answer, rows)
        is_main = answer is TICKS and rows == LONG
        rounds = _MAIN_ROUNDS if is_main else _ROUNDS[rows]
        results.comparisons.append(_compare(frame, _QUICK_ROUNDS if quick else rounds))
        if is_main:
            _say("memory and writing")
            results.peaks = measure_peaks((OURS, FALLBACK, PTARS, VIEWS, LISTS), frame)
            results.writing = in_turns(
                {READING: partial(OURS.run, frame.framed, TICKS), WRITING: partial(write, frame.table)}, _ROUNDS[LONG]
            )
    if quick:
        results.remarks.append("Other answers, ten million rows and HTTP: this was a quick run.")
    else:
        _say("over HTTP")
        results.over_http = time_over_http(LONG, _HTTP_ROUNDS)
        _say("many parts")
        results.bulk = measure_bulk(_BULK_ROUNDS)
        _say("the cache")
        results.cached = measure_cached(_CACHE_ROUNDS)
        _say("a cluster")
        results.clustered = measure_cluster()
        if not _fits_longest():
            results.remarks.append("Ten million rows: this machine has too little memory for them.")
    results.seconds = time.perf_counter() - started
    return results


def _plan(*, quick: bool) -> list[tuple[Answer, int]]:
    if quick:
        return [(LOOKUP, LOOKUP_ROWS), (TICKS, 100_000), (TICKS, LONG)]
    plan = [(answer, rows) for answer in (TICKS, TRADES, QUOTES, ORDERS) for rows in (1_000, 100_000, LONG)]
    return [(LOOKUP, LOOKUP_ROWS), *plan, *([(TICKS, _LONGEST)] if _fits_longest() else [])]


def _fits_longest() -> bool:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >= _MEMORY_OF_LONGEST


def _compare(frame: Frame, rounds: int) -> Comparison:
    ways = {way.name: partial(way.run, frame.framed, frame.answer) for way in WAYS if frame.rows <= way.most_rows}
    return Comparison(frame.answer, frame.rows, len(frame.framed), in_turns(ways, rounds))


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    """Run, and print the results or write them."""
    parser = argparse.ArgumentParser(description="Put the decoder beside its peers.")
    parser.add_argument("--quick", action="store_true", help="the main answer alone, in few rounds; write nothing")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore", tf.TickframeWarning)
    results = measure(quick=quick)
    page = write_page(results)
    print(page)
    if not quick:
        (_FOLDER / "results.md").write_text(page, encoding="utf-8")
        draw_chart(results.find(TICKS, LONG), _FOLDER / "results.png")


if __name__ == "__main__":
    main()

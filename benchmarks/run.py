"""Run the benchmarks: decoders on frames, memory, conversion, requests to a service, the cache, and a cluster.

Run it in the repository's root::

    python -m benchmarks.run            everything; writes results.md and results.png beside this file
    python -m benchmarks.run --quick    the main response alone, in few rounds; prints the page and writes nothing
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import tickframe as tf
from benchmarks.agreement import check
from benchmarks.cached import cache_section
from benchmarks.cluster import cluster_section
from benchmarks.conversion import conversion_section
from benchmarks.decoders import DECODERS, LISTS, PTARS, TICKFRAME, TICKFRAME_WITHOUT_KERNEL, VIEWS
from benchmarks.exports import exports_section
from benchmarks.frames import KINDS, LOOKUP, ORDERS, QUOTES, TICKS, TRADES, Frame, ResponseKind, encode, make_frame
from benchmarks.memory import measure_peaks
from benchmarks.over_http import long_response_section, many_parts_section
from benchmarks.report import DECODING, ENCODING, LONG, LOOKUP_ROWS, Comparison, Results, draw_chart, write_page
from benchmarks.timing import interleaved
from benchmarks.transfer import transfer_section

_FOLDER = Path(__file__).parent

_LONGEST = 10_000_000
# The table, its frame, the parsed message and two decoded tables exist at once.
_MEMORY_FOR_LONGEST = 10 * 2**30

# By the rows of a frame.
_ROUNDS = {LOOKUP_ROWS: 25, 1_000: 15, 100_000: 9, LONG: 4, _LONGEST: 3}
_MAIN_ROUNDS = 9
_QUICK_ROUNDS = 3

_SECTIONS: dict[str, Callable[[], str]] = {
    "over HTTP": partial(long_response_section, LONG),
    "from the socket to a DataFrame": transfer_section,
    "many parts": many_parts_section,
    "conversion": conversion_section,
    "the cache": cache_section,
    "exports": exports_section,
    "a cluster": cluster_section,
}


def measure(*, quick: bool) -> Results:
    """Check that the decoders agree, then measure everything."""
    results = Results()
    started = time.perf_counter()
    for kind in KINDS:
        check(DECODERS, make_frame(kind, 1_000, seed=1))
    _log("all decoders read the same values")
    for kind, rows in _frames(quick=quick):
        _log(f"{kind.name}, {rows:,} rows")
        frame = make_frame(kind, rows)
        is_main = kind is TICKS and rows == LONG
        rounds = _MAIN_ROUNDS if is_main else _ROUNDS[rows]
        results.comparisons.append(_compare(frame, _QUICK_ROUNDS if quick else rounds))
        if is_main:
            _log("memory and encoding")
            results.peaks = measure_peaks((TICKFRAME, TICKFRAME_WITHOUT_KERNEL, PTARS, VIEWS, LISTS), frame)
            results.encoding = interleaved(
                {DECODING: partial(TICKFRAME.decode, frame.framed, TICKS), ENCODING: partial(encode, frame.table)},
                _ROUNDS[LONG],
            )
    if quick:
        results.not_run.append(
            "Other responses, 10 million rows, conversion, HTTP, the cache and a cluster: this was a quick run."
        )
    else:
        for name, section in _SECTIONS.items():
            _log(name)
            results.sections.append(section())
        if not _fits_longest():
            results.not_run.append("10 million rows: this machine has too little memory.")
    results.seconds = time.perf_counter() - started
    return results


def _frames(*, quick: bool) -> list[tuple[ResponseKind, int]]:
    """Return the kind and the number of rows of each frame."""
    if quick:
        return [(LOOKUP, LOOKUP_ROWS), (TICKS, 100_000), (TICKS, LONG)]
    frames = [(kind, rows) for kind in (TICKS, TRADES, QUOTES, ORDERS) for rows in (1_000, 100_000, LONG)]
    return [(LOOKUP, LOOKUP_ROWS), *frames, *([(TICKS, _LONGEST)] if _fits_longest() else [])]


def _fits_longest() -> bool:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >= _MEMORY_FOR_LONGEST


def _compare(frame: Frame, rounds: int) -> Comparison:
    rows = frame.table.num_rows
    calls = {
        decoder.name: partial(decoder.decode, frame.framed, frame.kind)
        for decoder in DECODERS
        if rows <= decoder.most_rows
    }
    return Comparison(frame.kind, rows, len(frame.framed), interleaved(calls, rounds))


def _log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> None:
    """Run the benchmarks, and print the results or write them."""
    parser = argparse.ArgumentParser(description="Compare tickframe with other decoders.")
    parser.add_argument("--quick", action="store_true", help="the main response alone, in few rounds; write nothing")
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

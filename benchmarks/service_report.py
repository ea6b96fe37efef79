"""What is measured against a service, as sections of the page: one long answer, many parts, the cache."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.bulk import ALONE, BARE, ONE_PART, TOGETHER, Bulk
from benchmarks.cached import Cached
from benchmarks.frames import TICKS
from benchmarks.markdown import milliseconds, table, times
from benchmarks.measure import Timing
from benchmarks.over_http import BODY, BY_HAND
from benchmarks.over_http import OURS as OURS_OVER_HTTP

__all__ = ["bulk_section", "cached_section", "http_section"]

_TARGETS = ("what", "figure", "target")


def bulk_section(bulk: Bulk) -> str:
    """Show what many parts cost together."""
    speedup = bulk.parts[ALONE].ratio(bulk.parts[TOGETHER])
    beyond = bulk.small[ONE_PART].median - bulk.small[BARE].median
    (few, least), (many, most) = sorted(bulk.peaks.items())
    rows = [
        ("200 parts, 8 workers against one after another", f"{times(speedup)} as fast", "at least 6.5x"),
        ("a small part beyond bare requests", milliseconds(beyond), "under 1 ms"),
        (f"peak memory of an export of {many:,} parts against {few}", times(most / least), "at most 1.1x"),
    ]
    return (
        "## Many parts\n\nFrom a sandbox in a process of its own, for the first with 50 ms added to each answer.\n\n"
        + table(_TARGETS, rows)
    )


def http_section(timings: Mapping[str, Timing]) -> str:
    """Show the way of one long answer."""
    reference = timings[OURS_OVER_HTTP]
    to_body, faster = reference.ratio(timings[BODY]), timings[BY_HAND].ratio(reference)
    targets = [
        (f"{OURS_OVER_HTTP}, to {BODY}", times(to_body), "at most 1.1x"),
        (f"{OURS_OVER_HTTP}, faster than {BY_HAND}", times(faster), "at least 10x"),
    ]
    rows = [
        (name, milliseconds(timing.median), milliseconds(timing.fastest), times(timing.ratio(reference)))
        for name, timing in timings.items()
    ]
    return (
        f"## Over HTTP\n\nOne answer of 1,000,000 rows x {len(TICKS.columns)} columns from a sandbox in a process of "
        "its own, which keeps the encoded table, as a service with a cache of its own does, and writes only the header "
        "anew: what is timed is the way of the answer. 50 ms are added to each.\n\n"
        + table(("way", "median", "fastest", "to tickframe"), rows)
        + "\n\n"
        + table(_TARGETS, targets)
    )


def cached_section(cached: Cached) -> str:
    """Show what a second load costs, and what it adds to the first."""
    rows = [
        (
            "a DataFrame of 1,000,000 rows x 10 columns, to `read_table(...).to_pandas()` of the same file",
            times(cached.warm.ratio(cached.plain)),
            "at most 1.3x",
        ),
        ("the same, to loading it from the sandbox", times(cached.warm.ratio(cached.loopback)), "at most 0.5x"),
        ("10 minutes out of that day, to the whole day", times(cached.window.ratio(cached.warm)), "under 0.2x"),
        ("each of 1,000 small parts, opening included", milliseconds(cached.small.median), "under 1.5 ms"),
        (
            "a first load of many parts that is cached, to one that is not",
            times(cached.cold.ratio(cached.uncached)),
            "at most 1.15x",
        ),
        ("the same, until all of it is on disk", times(cached.written.ratio(cached.uncached)), ""),
    ]
    return (
        "## The cache\n\nBeside a sandbox that builds its answers anew, in a process of its own; for the first loads "
        "with 50 ms added to each answer, as over a network. Entries are written behind the load.\n\n"
        + table(_TARGETS, rows)
    )

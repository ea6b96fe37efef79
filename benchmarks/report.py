"""What was measured as a page of tables and a chart."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from benchmarks.bulk import Bulk
from benchmarks.cached import Cached
from benchmarks.cluster import Clustered
from benchmarks.cluster_report import cluster_section
from benchmarks.frames import LOOKUP, TICKS, Answer
from benchmarks.markdown import amount, bytes_of, figures, milliseconds, table, times, yes
from benchmarks.measure import Timing
from benchmarks.memory import Peak
from benchmarks.service_report import bulk_section, cached_section, http_section
from benchmarks.ways import COPY, LISTS, OURS, OURS_TO_PANDAS, PTARS, VIEWS, WAYS, Product, Way

__all__ = ["LONG", "LOOKUP_ROWS", "READING", "WRITING", "Comparison", "Results", "draw_chart", "write_page"]

#: The frame that the targets speak of, and the look-up, in rows.
LONG = 1_000_000
LOOKUP_ROWS = 100

#: What the times of writing are called.
WRITING, READING = "Arrow to framed bytes", "framed bytes to Arrow"

_FLAT_FROM, _FLAT_TO = 100_000, 10_000_000

_HEADING = """\
# Results of `make bench`

One process, the same frames, in turns: A B C, A B C. A time is the median of its rounds; a ratio is the median of the
ratios within each round. **Ratios are the result**: absolute times belong to the machine and to what else it did."""
_PACKAGES = ("tickframe", "numpy", "pandas", "protarrow", "protobuf", "ptars", "pyarrow")


@dataclass(frozen=True)
class Comparison:
    """The ways beside each other on one frame."""

    answer: Answer
    rows: int
    size: int
    times: Mapping[str, Timing]

    def ratio(self, way: Way, to: Way) -> float:
        """Return a way's time as a multiple of another's."""
        return self.times[way.name].ratio(self.times[to.name])

    def nanoseconds_per_row(self, way: Way) -> float:
        """Return what a row costs."""
        return self.times[way.name].median * 1e9 / self.rows


@dataclass
class Results:
    """Everything that a run measured; what is empty was left out."""

    comparisons: list[Comparison] = field(default_factory=list)
    peaks: Mapping[str, Peak] = field(default_factory=dict)
    writing: Mapping[str, Timing] = field(default_factory=dict)
    over_http: Mapping[str, Timing] = field(default_factory=dict)
    bulk: Bulk | None = None
    cached: Cached | None = None
    clustered: Clustered | None = None
    remarks: list[str] = field(default_factory=list)
    seconds: float = 0

    def of(self, answer: Answer) -> list[Comparison]:
        """Return the comparisons of an answer, the shortest first."""
        return sorted((each for each in self.comparisons if each.answer is answer), key=lambda each: each.rows)

    def find(self, answer: Answer, rows: int) -> Comparison:
        """Return one comparison."""
        [found] = [each for each in self.of(answer) if each.rows == rows]
        return found


@dataclass(frozen=True)
class _Target:
    what: str
    wanted: str
    seen: str
    #: None where this run could not tell.
    reached: bool | None


def _targets(results: Results) -> list[_Target]:
    long = results.find(TICKS, LONG)
    copies, to_pandas = long.ratio(OURS, COPY), long.ratio(OURS_TO_PANDAS, OURS)
    targets = [_Target("bytes to Arrow, to a copy of the bytes", "at most 2.0x", f"{copies:.2f}x", copies <= 2.0)]
    for peer, wanted in ((PTARS, 2.5), (VIEWS, 5), (LISTS, 25)):
        faster = long.ratio(peer, OURS)
        targets.append(
            _Target(
                f"bytes to Arrow, faster than {peer.name}", f"at least {wanted}x", f"{faster:.2f}x", faster >= wanted
            )
        )
    targets.append(
        _Target("bytes to DataFrame, to bytes to Arrow", "at most 1.4x", f"{to_pandas:.2f}x", to_pandas <= 1.4)
    )
    costs = {each.rows: each.nanoseconds_per_row(OURS) for each in results.of(TICKS) if each.rows >= _FLAT_FROM}
    spread = max(costs.values()) / min(costs.values())
    targets.append(
        _Target(
            f"cost of a row from {amount(min(costs))} to {amount(max(costs))} rows, dearest to cheapest",
            "at most 1.20x",
            f"{spread:.2f}x",
            spread <= 1.2 if _FLAT_TO in costs else None,
        )
    )
    lookup = results.find(LOOKUP, LOOKUP_ROWS).times[OURS.name].median * 1e6
    targets.append(_Target(f"a {LOOKUP_ROWS}-row answer", "under 150 µs", f"{lookup:.0f} µs", lookup < 150))
    if results.peaks:
        peak = results.peaks[OURS.name].ratio
        targets.append(_Target("peak memory, to response and Arrow table", "at most 1.3x", f"{peak:.2f}x", peak <= 1.3))
    writing = results.writing[WRITING].ratio(results.writing[READING])
    targets.append(_Target("writing a frame, to decoding it", "under 2x", f"{writing:.2f}x", writing < 2))
    return targets


def write_page(results: Results) -> str:
    """Return the results as a page of Markdown."""
    sections = [
        _HEADING,
        _machine(results),
        _targets_section(_targets(results)),
        _long_section(results),
        _sizes_section(results),
        _cost_section(results),
        _lookup_section(results),
    ]
    if results.peaks:
        sections.append(_memory_section(results.peaks))
    sections.append(_writing_section(results.writing))
    if results.over_http:
        sections.append(http_section(results.over_http))
    if results.bulk is not None:
        sections.append(bulk_section(results.bulk))
    if results.cached is not None:
        sections.append(cached_section(results.cached))
    if results.clustered is not None:
        sections.append(cluster_section(results.clustered))
    if results.remarks:
        sections.append("## Left out\n\n" + "\n".join(f"* {remark}" for remark in results.remarks))
    return "\n\n".join(sections) + "\n"


def draw_chart(comparison: Comparison, path: Path) -> None:
    """Draw the times of one comparison as bars on a logarithmic scale, the fastest on top."""
    ways = [way for is_frame in (False, True) for way in _fastest_first(comparison, is_frame=is_frame)]
    # A gap between what ends in Arrow and what ends in a DataFrame.
    positions = [place + 0.7 * (way.product is Product.DATAFRAME) for place, way in enumerate(ways)]
    milliseconds = [comparison.times[way.name].median * 1e3 for way in ways]
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    figure.suptitle(
        f"Framed bytes to Arrow, and to a DataFrame: {comparison.rows:,} rows x "
        f"{len(comparison.answer.columns)} columns, {comparison.size / 1e6:.0f} MB",
        fontsize=11,
    )
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.barh(positions, milliseconds, height=0.72, color=[_color(way) for way in ways])
    for way, position, each in zip(ways, positions, milliseconds, strict=True):
        ratio = comparison.ratio(way, _reference(way))
        axes.annotate(
            f"{figures(each)} ms   {times(ratio)}",
            (each, position),
            (5, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xscale("log")
    axes.set_xlim(min(milliseconds) / 2, max(milliseconds) * 5)
    axes.set_yticks(positions, [way.name for way in ways])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds, median, logarithmic scale; beside it the time as a multiple of tickframe's")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _fastest_first(comparison: Comparison, *, is_frame: bool) -> list[Way]:
    ways = [way for way in WAYS if way.name in comparison.times and (way.product is Product.DATAFRAME) == is_frame]
    return sorted(ways, key=lambda way: comparison.times[way.name].median)


def _color(way: Way) -> str:
    if way.product is Product.BYTES:
        return "#c4c9d0"
    return "#c2410c" if way in (OURS, OURS_TO_PANDAS) else "#6b8cae"


def _reference(way: Way) -> Way:
    """Return what a way's time is compared with: ours that ends as it does."""
    return OURS_TO_PANDAS if way.product is Product.DATAFRAME else OURS


def _machine(results: Results) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"{platform.python_implementation()} {platform.python_version()}; {packages}. The run took "
        f"{results.seconds / 60:.1f} minutes."
    )


def _targets_section(targets: Sequence[_Target]) -> str:
    words = {True: "yes", False: "**no**", None: "not run to 10 million"}
    reached = sum(target.reached is True for target in targets)
    shown = table(
        ("target", "wanted", "seen", "reached"),
        [(each.what, each.wanted, each.seen, words[each.reached]) for each in targets],
    )
    return (
        f"## Targets\n\nOn an answer of {LONG:,} rows x {len(TICKS.columns)} columns, {TICKS.name}, where nothing "
        f"else is said. {reached} of {len(targets)} were reached in this run.\n\n{shown}"
    )


def _long_section(results: Results) -> str:
    long = results.find(TICKS, LONG)
    rows = []
    for way in (way for way in WAYS if way.name in long.times):
        timing = long.times[way.name]
        ratio = long.ratio(way, _reference(way))
        rows.append(
            (way.name, milliseconds(timing.median), milliseconds(timing.fastest), times(ratio))
            + (("", "", "") if way.product is Product.BYTES else tuple(map(yes, (way.nulls, way.labels, way.types))))
            + (way.remark,)
        )
    shown = table(
        ("way", "median", "fastest", "to tickframe", "nulls", "labels", "days and times", "how"), rows, left=(0, 7)
    )
    return (
        f"## {LONG:,} rows x {len(TICKS.columns)} columns\n\n{TICKS.name}, {long.size / 1e6:.1f} MB framed.\n\n"
        "![Times as bars](results.png)\n\n"
        f"{shown}\n\n"
        "All ways end with a flat column each, and the same values: that is checked before anything is timed. "
        "*Nulls*: nulls are Arrow's, where others leave the least integer and NaN. *Labels*: strings out of few are "
        "stored once each, as a dictionary. *Days and times*: dates, durations and the index have types of their own, "
        "where others leave integers. A DataFrame is compared with tickframe's DataFrame, all else with its Arrow.\n\n"
        "A copy into memory that the process has used before takes a fraction of one into fresh pages. Where *a copy "
        "of the bytes* is far from *a copy into fresh pages*, it was of the first kind, and ratios to it mean less."
    )


def _sizes_section(results: Results) -> str:
    parts = ["## Other frames and sizes\n\nMedian milliseconds, and the ratio to tickframe."]
    for answer in dict.fromkeys(each.answer for each in results.comparisons if each.answer is not LOOKUP):
        comparisons = results.of(answer)
        heading = ("way", *(f"{amount(each.rows)} rows, {bytes_of(each.size)}" for each in comparisons))
        rows = [
            (way.name, *(_beside(each, way) for each in comparisons))
            for way in WAYS
            if any(way.name in each.times for each in comparisons)
        ]
        parts.append(f"### {answer.name[0].upper()}{answer.name[1:]}, {len(answer.columns)} columns")
        parts.append(table(heading, rows))
    parts.append(
        f"Blank: not run. The longest frame is for {OURS.name}, compiled or not, and for the copies: the other ways "
        "are too slow for it."
    )
    return "\n\n".join(parts)


def _beside(comparison: Comparison, way: Way) -> str:
    if way.name not in comparison.times:
        return ""
    milliseconds = comparison.times[way.name].median * 1e3
    return f"{figures(milliseconds)} ({times(comparison.ratio(way, _reference(way)))})"


def _cost_section(results: Results) -> str:
    comparisons = results.of(TICKS)
    ways = [way for way in WAYS if way.name in comparisons[-1].times]
    shown = table(
        ("way", *(f"{amount(each.rows)} rows" for each in comparisons)),
        [(way.name, *(f"{each.nanoseconds_per_row(way):.1f}" for each in comparisons)) for way in ways],
    )
    return (
        f"## Cost of a row\n\nNanoseconds a row of {TICKS.name}. Whether memory is used again or fresh is malloc's to "
        f"say, and can differ from run to run: compare with the copies.\n\n{shown}"
    )


def _lookup_section(results: Results) -> str:
    lookup = results.find(LOOKUP, LOOKUP_ROWS)
    rows = [
        (way.name, f"{lookup.times[way.name].median * 1e6:.1f}", times(lookup.ratio(way, _reference(way))))
        for way in WAYS
        if way.name in lookup.times
    ]
    shown = table(("way", "microseconds", "to tickframe"), rows)
    return f"## {LOOKUP_ROWS} rows x {len(LOOKUP.columns)} columns\n\nA {LOOKUP.name}.\n\n{shown}"


def _memory_section(peaks: Mapping[str, Peak]) -> str:
    rows = [
        (name, bytes_of(peak.growth), bytes_of(peak.response), bytes_of(peak.table), f"{peak.ratio:.2f}x")
        for name, peak in peaks.items()
    ]
    shown = table(("way", "growth at its peak", "response", "Arrow table", "growth to both"), rows)
    return (
        "## Peak memory\n\nHow far the resident memory of a fresh process grows while it reads the answer from a "
        "file: tickframe as a stream, the others all bytes first. Each table is the way's own.\n\n"
        f"{shown}"
    )


def _writing_section(writing: Mapping[str, Timing]) -> str:
    rows = [
        (name, milliseconds(timing.median), times(timing.ratio(writing[READING]))) for name, timing in writing.items()
    ]
    return "## Writing\n\n" + table(("what", "median", "to decoding"), rows)

"""The results as a page of tables, and a chart."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from benchmarks.decoders import (
    COPY,
    DECODERS,
    LISTS,
    PTARS,
    TICKFRAME,
    TICKFRAME_TO_DATAFRAME,
    VIEWS,
    Decoder,
    Product,
)
from benchmarks.frames import LOOKUP, TICKS, ResponseKind
from benchmarks.markdown import amount, digits, milliseconds, size, table, times
from benchmarks.memory import Peak
from benchmarks.timing import Timing

#: Rows of the frame that the targets are for, and of the symbol lookup.
LONG = 1_000_000
LOOKUP_ROWS = 100

#: Keys of the times for encoding.
ENCODING, DECODING = "Arrow to framed bytes", "framed bytes to Arrow"

_PER_ROW_FROM, _PER_ROW_TO = 100_000, 10_000_000

_HEADING = """\
# Results of `make bench`

Alternatives run in one process on the same frames, interleaved: A B C, A B C. A time is the median of the rounds, and a
ratio is the median of the ratios within each round. **The ratios are the result**: times depend on the machine and on
what else it was doing."""
_PACKAGES = ("tickframe", "numpy", "pandas", "protarrow", "protobuf", "ptars", "pyarrow")


@dataclass(frozen=True)
class Comparison:
    """The times of the decoders on one frame."""

    kind: ResponseKind
    rows: int
    size: int
    times: Mapping[str, Timing]

    @property
    def decoders(self) -> list[Decoder]:
        """The decoders that were run on it."""
        return [decoder for decoder in DECODERS if decoder.name in self.times]

    def median(self, decoder: Decoder) -> float:
        """Return the median time of a decoder in seconds."""
        return self.times[decoder.name].median

    def per_row(self, decoder: Decoder) -> float:
        """Return the median time of a decoder in nanoseconds per row."""
        return self.median(decoder) * 1e9 / self.rows

    def ratio(self, decoder: Decoder, to: Decoder | None = None) -> float:
        """Return the time of a decoder relative to another; default tickframe's with the same kind of result."""
        if to is None:
            to = TICKFRAME_TO_DATAFRAME if decoder.product is Product.DATAFRAME else TICKFRAME
        return self.times[decoder.name].ratio(self.times[to.name])


@dataclass
class Results:
    """Everything that was measured.

    Attributes
    ----------
    comparisons
        The times of the decoders, for each frame.
    peaks
        The peak memory of some decoders.
    encoding
        The times of encoding and decoding.
    sections
        Further sections of the page.
    not_run
        What was not measured, and why.
    seconds
        How long the run took.
    """

    comparisons: list[Comparison] = field(default_factory=list)
    peaks: Mapping[str, Peak] = field(default_factory=dict)
    encoding: Mapping[str, Timing] = field(default_factory=dict)
    sections: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    seconds: float = 0

    def of(self, kind: ResponseKind) -> list[Comparison]:
        """Return the comparisons for a kind of response, the shortest frame first."""
        return sorted((each for each in self.comparisons if each.kind is kind), key=lambda each: each.rows)

    def find(self, kind: ResponseKind, rows: int) -> Comparison:
        """Return the comparison for one frame."""
        [found] = [each for each in self.of(kind) if each.rows == rows]
        return found


def write_page(results: Results) -> str:
    """Return the results as a page of Markdown."""
    sections = [
        _HEADING,
        _machine(results),
        _targets_section(results),
        _long_section(results.find(TICKS, LONG)),
        _sizes_section(results),
        _per_row_section(results.of(TICKS)),
        _lookup_section(results.find(LOOKUP, LOOKUP_ROWS)),
        _memory_section(results.peaks),
        _encoding_section(results.encoding),
        *results.sections,
    ]
    if results.not_run:
        sections.append("## Not run\n\n" + "\n".join(f"* {each}" for each in results.not_run))
    return "\n\n".join(sections) + "\n"


def draw_chart(comparison: Comparison, path: Path) -> None:
    """Draw the times of one comparison as bars on a logarithmic scale, the fastest on top."""
    decoders = sorted(
        comparison.decoders, key=lambda decoder: (decoder.product is Product.DATAFRAME, comparison.median(decoder))
    )
    # A gap between the results in Arrow and the DataFrames.
    positions = [place + 0.7 * (decoder.product is Product.DATAFRAME) for place, decoder in enumerate(decoders)]
    widths = [comparison.median(decoder) * 1e3 for decoder in decoders]
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    figure.suptitle(
        f"Framed bytes to Arrow, and to a DataFrame: {comparison.rows:,} rows x "
        f"{len(comparison.kind.columns)} columns, {comparison.size / 1e6:.0f} MB",
        fontsize=11,
    )
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.barh(positions, widths, height=0.72, color=[_color(decoder) for decoder in decoders])
    for decoder, position, width in zip(decoders, positions, widths, strict=True):
        axes.annotate(
            f"{digits(width)} ms   {times(comparison.ratio(decoder))}",
            (width, position),
            (5, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_xscale("log")
    axes.set_xlim(min(widths) / 2, max(widths) * 5)
    axes.set_yticks(positions, [decoder.name for decoder in decoders])
    axes.invert_yaxis()
    axes.set_xlabel("median in milliseconds, logarithmic scale; and relative to tickframe")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _color(decoder: Decoder) -> str:
    if decoder.product is Product.BYTES:
        return "#c4c9d0"
    return "#c2410c" if decoder in (TICKFRAME, TICKFRAME_TO_DATAFRAME) else "#6b8cae"


def _machine(results: Results) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"{platform.python_implementation()} {platform.python_version()}; {packages}. The run took "
        f"{results.seconds / 60:.1f} minutes."
    )


def _targets_section(results: Results) -> str:
    targets = _targets(results)
    words = {True: "yes", False: "**no**", None: "not run on 10 million rows"}
    met = sum(is_met is True for *_, is_met in targets)
    return (
        f"## Targets\n\nFor {LONG:,} rows x {len(TICKS.columns)} columns of {TICKS.name}, unless stated otherwise. "
        f"{met} of {len(targets)} were met in this run.\n\n"
        + table(("what", "target", "result", "met"), [(*texts, words[is_met]) for *texts, is_met in targets])
    )


def _targets(results: Results) -> list[tuple[str, str, str, bool | None]]:
    """Return what each target is about, the target, the result, and whether it was met; None if not measured."""
    long = results.find(TICKS, LONG)
    copy, to_pandas = long.ratio(TICKFRAME, COPY), long.ratio(TICKFRAME_TO_DATAFRAME, TICKFRAME)
    faster = [(peer, least, long.ratio(peer, TICKFRAME)) for peer, least in ((PTARS, 2.5), (VIEWS, 5), (LISTS, 25))]
    per_row = {each.rows: each.per_row(TICKFRAME) for each in results.of(TICKS) if each.rows >= _PER_ROW_FROM}
    spread = max(per_row.values()) / min(per_row.values())
    lookup = results.find(LOOKUP, LOOKUP_ROWS).median(TICKFRAME) * 1e6
    peak = results.peaks[TICKFRAME.name].ratio
    encoding = results.encoding[ENCODING].ratio(results.encoding[DECODING])
    return [
        ("bytes to Arrow, relative to a copy of the bytes", "at most 2.0x", f"{copy:.2f}x", copy <= 2.0),
        *(
            (f"bytes to Arrow, faster than {peer.name}", f"at least {least}x", f"{ratio:.2f}x", ratio >= least)
            for peer, least, ratio in faster
        ),
        ("bytes to DataFrame, relative to bytes to Arrow", "at most 1.4x", f"{to_pandas:.2f}x", to_pandas <= 1.4),
        (
            f"time per row from {amount(min(per_row))} to {amount(max(per_row))} rows, longest relative to shortest",
            "at most 1.20x",
            f"{spread:.2f}x",
            spread <= 1.2 if _PER_ROW_TO in per_row else None,
        ),
        (f"a response of {LOOKUP_ROWS} rows", "under 150 µs", f"{lookup:.0f} µs", lookup < 150),
        ("peak memory, relative to response and Arrow table", "at most 1.3x", f"{peak:.2f}x", peak <= 1.3),
        ("encoding a frame, relative to decoding it", "under 2x", f"{encoding:.2f}x", encoding < 2),
    ]


def _long_section(long: Comparison) -> str:
    rows = [
        (
            decoder.name,
            milliseconds(long.median(decoder)),
            milliseconds(long.times[decoder.name].fastest),
            times(long.ratio(decoder)),
            "" if decoder.product is Product.BYTES else "yes" if decoder.typed else "no",
            decoder.how,
        )
        for decoder in long.decoders
    ]
    heading = ("decoder", "median", "fastest", "relative to tickframe", "types", "how")
    return (
        f"## {LONG:,} rows x {len(TICKS.columns)} columns\n\n{TICKS.name}, {long.size / 1e6:.1f} MB framed.\n\n"
        "![The times as bars](results.png)\n\n"
        f"{table(heading, rows, left=(0, 5))}\n\n"
        "All decoders return flat columns with the same values, which is checked before they are timed. *Types*: nulls "
        "are nulls, strings from a small set are dictionaries, and dates, durations and the index have types of their "
        "own; the other decoders leave sentinels, plain strings and integers. DataFrames are compared with tickframe's "
        "DataFrame, everything else with tickframe's Arrow table.\n\n"
        "Copying into memory that the process has used before takes a fraction of the time of copying to new pages. If "
        f"*{COPY.name}* is much faster than *copy to new pages*, malloc reused memory, and ratios to it mean less."
    )


def _sizes_section(results: Results) -> str:
    parts = ["## Other frames and sizes\n\nMedian milliseconds, and the ratio to tickframe."]
    for kind in dict.fromkeys(each.kind for each in results.comparisons if each.kind is not LOOKUP):
        comparisons = results.of(kind)
        heading = ("decoder", *(f"{amount(each.rows)} rows, {size(each.size)}" for each in comparisons))
        rows = [
            (decoder.name, *(_median_and_ratio(each, decoder) for each in comparisons))
            for decoder in comparisons[0].decoders
        ]
        parts.append(f"### {kind.name.capitalize()}, {len(kind.columns)} columns")
        parts.append(table(heading, rows))
    parts.append(
        f"Blank: not run. On the longest frame only the copies and {TICKFRAME.name}, with and without its kernel, are "
        "run: the others are too slow."
    )
    return "\n\n".join(parts)


def _median_and_ratio(comparison: Comparison, decoder: Decoder) -> str:
    if decoder not in comparison.decoders:
        return ""
    return f"{digits(comparison.median(decoder) * 1e3)} ({times(comparison.ratio(decoder))})"


def _per_row_section(comparisons: list[Comparison]) -> str:
    shown = table(
        ("decoder", *(f"{amount(each.rows)} rows" for each in comparisons)),
        [
            (decoder.name, *(f"{each.per_row(decoder):.1f}" for each in comparisons))
            for decoder in comparisons[-1].decoders
        ],
    )
    return (
        f"## Time per row\n\nNanoseconds per row of {TICKS.name}. Whether malloc reuses memory can differ from run to "
        f"run: compare with the copies.\n\n{shown}"
    )


def _lookup_section(lookup: Comparison) -> str:
    rows = [
        (decoder.name, f"{lookup.median(decoder) * 1e6:.1f}", times(lookup.ratio(decoder)))
        for decoder in lookup.decoders
    ]
    shown = table(("decoder", "microseconds", "relative to tickframe"), rows)
    return f"## {LOOKUP_ROWS} rows x {len(LOOKUP.columns)} columns\n\nA {LOOKUP.name}.\n\n{shown}"


def _memory_section(peaks: Mapping[str, Peak]) -> str:
    rows = [
        (name, size(peak.growth), size(peak.response), size(peak.table), f"{peak.ratio:.2f}x")
        for name, peak in peaks.items()
    ]
    return (
        "## Peak memory\n\nHow far the resident memory of a new process grows while it reads the response from a file: "
        "tickframe streams it, the others read all bytes first. Each table is the decoder's own.\n\n"
        + table(("decoder", "peak growth", "response", "Arrow table", "growth relative to both"), rows)
    )


def _encoding_section(encoding: Mapping[str, Timing]) -> str:
    rows = [
        (name, milliseconds(timing.median), times(timing.ratio(encoding[DECODING])))
        for name, timing in encoding.items()
    ]
    return "## Encoding\n\n" + table(("what", "median", "relative to decoding"), rows)

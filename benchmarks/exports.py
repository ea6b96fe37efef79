"""Exports: the cost of writing beside fetching, in one thread and on all cores, in folders of many files, and sizes."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import tickframe as tf
from benchmarks.frames import TRADES, make_table
from benchmarks.markdown import table, times
from benchmarks.services import DAY, days_of_trades, sandbox_process, write_market
from benchmarks.timing import Timing, interleaved
from tickframe.catalogue import FUNCTIONS
from tickframe.export import Export, open_dataset
from tickframe.plan.plan import Options, Plan
from tickframe.run.fetch import Fetched, Run
from tickframe.timestamps import TimeOptions
from tickframe.wire.batch import documented_schema
from tickframe.wire.reader import Response

_ROUNDS = 7
_LAYOUT = ("symbol", "date")
# Rows of a part, and number of parts.
_SMALL = (5_000, 100)
_LARGE = (100_000, 12)
_FEW_FILES, _MANY_FILES = 250, 2_000
_FOLDER_ROWS = 200


def exports_section() -> str:
    """Time exports beside the bare calls that they need."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_time_fetching(Path(folder) / str(rows), rows, parts) for rows, parts in (_SMALL, _LARGE))
        cores = _time_cores(Path(folder) / "cores", *_LARGE)
        growth = _time_many_files(Path(folder) / "files")
        share = _compare_sizes(Path(folder) / "sizes", _LARGE[0])
    rows = [
        (
            f"parts of {_SMALL[0]:,} rows in one thread, relative to fetching and `write_table`",
            times(small),
            "at most 1.3x",
        ),
        (f"parts of {_LARGE[0]:,} rows, the same", times(large), "at most 1.3x"),
        (
            f"one thread, relative to {os.cpu_count()}: parts of {_LARGE[0]:,} rows that are fetched already",
            times(cores),
            "at least 1.6x on 2 cores",
        ),
        (
            f"a part of {_MANY_FILES:,} in one directory, relative to one of {_FEW_FILES:,}",
            times(growth),
            "at most 1.2x",
        ),
        ("size of a file, relative to the defaults of `write_table` with zstd", times(share), "at most 0.6x"),
    ]
    return (
        "## Exports\n\nOne request at a time to a sandbox in a process of its own. `write_table` gets the same "
        "options, and no timestamp, checksum or record.\n\n" + table(("what", "result", "target"), rows)
    )


def _time_fetching(folder: Path, rows: int, parts: int) -> float:
    """Return the time of an export in one thread relative to fetching and writing with bare pyarrow."""
    write_market(folder / "market", rows, parts)
    with sandbox_process(folder / "market", kept_bytes=2**30) as account, tf.Client(**account, max_workers=1) as client:
        query = days_of_trades(client, parts)

        def fetch() -> Iterable[Fetched]:
            return Run(query.source.responder("off"), query.plan.parts, Options(max_workers=1))

        timings = _timed(
            folder,
            {
                "export": lambda target: _export(target, query.plan, fetch(), threads=1),
                "bare": lambda target: _write_bare(target, fetch()),
            },
        )
    return timings["export"].ratio(timings["bare"])


def _time_cores(folder: Path, rows: int, parts: int) -> float:
    """Return the time of writing in one thread relative to that on all cores."""
    plan = _plan("S", parts)
    responses = _responses(plan, rows)
    timings = _timed(
        folder,
        {
            "one": lambda target: _export(target, plan, responses, threads=1),
            "all": lambda target: _export(target, plan, responses, threads=None),
        },
    )
    return timings["one"].ratio(timings["all"])


def _time_many_files(folder: Path) -> float:
    """Return the time of a part among many files of one directory relative to that among few."""
    calls = {}
    for count in (_FEW_FILES, _MANY_FILES):
        plan = _plan([f"S{number}" for number in range(count)], 1)
        responses = _responses(plan, _FOLDER_ROWS)
        calls[str(count)] = partial(_export, plan=plan, responses=responses, threads=1, partition_by=("date",))
    timings = _timed(folder, calls)
    return timings[str(_MANY_FILES)].ratio(timings[str(_FEW_FILES)]) * _FEW_FILES / _MANY_FILES


def _compare_sizes(folder: Path, rows: int) -> float:
    """Return the size of an exported day relative to that of the documented columns with default encodings."""
    plan = _plan("S", 1)
    responses = _responses(plan, rows)
    [path] = _export(folder / "dataset", plan, responses, threads=1)
    documented = pa.Table.from_batches(responses[0].response.batches).drop_columns(list(_LAYOUT))
    pq.write_table(documented, folder / "default.parquet", compression="zstd")
    return Path(path).stat().st_size / (folder / "default.parquet").stat().st_size


def _timed(folder: Path, calls: Mapping[str, Callable[[Path], object]]) -> dict[str, Timing]:
    """Time calls, each with a directory that does not exist yet."""
    targets = iter(folder / f"target-{number}" for number in range(10**6))

    def clear() -> None:
        for target in folder.glob("target-*"):
            shutil.rmtree(target)

    folder.mkdir(parents=True, exist_ok=True)

    def with_target(call: Callable[[Path], object]) -> Callable[[], object]:
        return lambda: call(next(targets))

    return interleaved({name: with_target(call) for name, call in calls.items()}, _ROUNDS, clear)


def _export(
    target: Path,
    plan: Plan,
    responses: Iterable[Fetched],
    *,
    threads: int | None,
    partition_by: Sequence[str] = _LAYOUT,
) -> Sequence[Path | str]:
    times_of_rows = TimeOptions.of(plan.timestamp)
    dataset = open_dataset(
        target, plan, "benchmark", partition_by=partition_by, times=times_of_rows, write_options=None
    )
    export = Export(dataset, plan.parts, dataset.begin(plan.parts, "skip"), threads)
    return dataset.finish(export.write(responses), documented_schema(plan.columns))


def _write_bare(target: Path, responses: Iterable[Fetched]) -> None:
    target.mkdir()
    for fetched in responses:
        rows = pa.Table.from_batches(fetched.response.batches)
        pq.write_table(
            rows,
            target / f"{fetched.position}.parquet",
            compression="zstd",
            compression_level=3,
            use_dictionary=[name for name in rows.column_names if name != "time"],
            column_encoding={"time": "DELTA_BINARY_PACKED"},
        )


def _plan(symbol: str | Sequence[str], days: int) -> Plan:
    arguments = {
        "source": "LOCAL",
        "data_type": "TRADES",
        "symbol": symbol,
        "day": (DAY, DAY + dt.timedelta(days=days - 1)),
    }
    return Plan.of(FUNCTIONS["tick_data"], arguments, Options())


def _responses(plan: Plan, rows: int) -> list[Fetched]:
    """Return a response of one frame to each part, all with the same prices and times."""
    [batch] = make_table(TRADES, rows, seed=1).combine_chunks().to_batches()
    responses = []
    for position, part in enumerate(plan.parts):
        parameters = dict(part.parameters)
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns["symbol"] = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [parameters["symbol"]])
        columns["date"] = pa.array([parameters["day"]], pa.date32()).take(pa.array([0] * rows))
        one = pa.RecordBatch.from_pydict(columns)
        responses.append(Fetched(position, part, Response((one,), rows=rows, bytes=one.nbytes)))
    return responses

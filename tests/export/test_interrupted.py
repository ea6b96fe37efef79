"""An export that ends at any step: what is recorded is there, and the same export run again ends with the dataset."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.export.test_writer import files_in
from tickframe.catalogue import FUNCTIONS
from tickframe.export import Existing, Export, open_dataset
from tickframe.export.records import sha256
from tickframe.location import Location
from tickframe.plan.plan import Options, Plan
from tickframe.run.fetch import Fetched
from tickframe.timestamps import TimeOptions
from tickframe.wire.batch import documented_schema
from tickframe.wire.reader import Response

TODAY = dt.datetime.now(dt.UTC).date()


class Crash(BaseException):
    """The end of the process at a step."""


@dataclass(frozen=True)
class Asked:
    """An export of end-of-day prices or of ticks, one row for each symbol and day."""

    function: str
    arguments: tuple[tuple[str, Any], ...]
    price: float
    existing: Existing = "skip"
    without: tuple[str, ...] = ()

    def to(self, folder: Path) -> None:
        arguments = {"source": "S", **dict(self.arguments)}
        plan = Plan.of(FUNCTIONS[self.function], arguments, Options())
        times = TimeOptions.of(plan.timestamp)
        dataset = open_dataset(folder, plan, "s", partition_by=("symbol", "date"), times=times, write_options=None)
        export = Export(dataset, plan.parts, dataset.begin(plan.parts, self.existing), 1)
        schema = documented_schema(plan.columns)
        dataset.finish(export.write(self._responses(export, schema)), schema)

    def _responses(self, export: Export, schema: pa.Schema) -> Iterator[Fetched]:
        for position, part in enumerate(export.missing):
            parameters = dict(part.parameters)
            first, last = (parameters.get(name, parameters.get("day")) for name in ("first_day", "last_day"))
            days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
            rows = [
                {"symbol": symbol, "date": day, "time": dt.timedelta(hours=9), "trade": self.price, "open": self.price}
                for day, symbol in itertools.product(days, part.symbols())
                if symbol not in self.without
            ]
            columns = [{name: row.get(name) for name in schema.names} for row in rows]
            batch = pa.RecordBatch.from_pylist(columns, schema)
            yield Fetched(position, part, Response((batch,), rows=len(rows), bytes=1))


def trades(price: float, *, flags: str | None = None, existing: Existing = "skip") -> Asked:
    arguments = {"data_type": "TRADES", "symbol": ["A.X", "B.X"], "day": ("2016-05-02", "2016-05-03"), "flags": flags}
    return Asked("tick_data", tuple(arguments.items()), price, existing)


def closes(
    price: float, last: dt.date, *, first: dt.date | None = None, existing: Existing = "skip", without: str = ""
) -> Asked:
    first = first or last - dt.timedelta(days=1)
    arguments = {"symbols": ["A.X", "B.X"], "first_day": first, "last_day": last}
    return Asked("end_of_day", tuple(arguments.items()), price, existing, (without,))


LONG_AGO = dt.date(2016, 5, 3)
WIDER = closes(2.0, LONG_AGO, first=LONG_AGO - dt.timedelta(days=3), existing="overwrite")
# What is there, the export that ends early, and the one after it.
SCENARIOS: dict[str, tuple[Asked | None, Asked, Asked]] = {
    name: (before, ended, ended)
    for name, before, ended in (
        ("a new dataset", None, trades(1.0)),
        ("a new range", None, closes(1.0, LONG_AGO)),
        ("overwrite", trades(1.0), trades(2.0, existing="overwrite")),
        ("overwrite a range", closes(1.0, LONG_AGO), closes(2.0, LONG_AGO, existing="overwrite")),
        ("overwrite another kind", trades(1.0), trades(2.0, flags="USE_MARKET_TS", existing="overwrite")),
        ("a symbol vanished today", closes(1.0, TODAY), closes(2.0, TODAY, without="A.X")),
        ("a wider range", closes(1.0, LONG_AGO), WIDER),
    )
} | {
    "another range after it": (None, closes(1.0, LONG_AGO), WIDER),
    "fewer symbols after it": (None, closes(1.0, TODAY), closes(1.0, TODAY, without="A.X")),
    "fewer symbols after an overwrite": (
        closes(1.0, LONG_AGO),
        closes(2.0, LONG_AGO, existing="overwrite"),
        closes(3.0, LONG_AGO, existing="overwrite", without="A.X"),
    ),
}


def crashing_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process end before the n-th file is written or deleted."""
    steps = itertools.count()

    def crashing(method: Callable[..., None]) -> Callable[..., None]:
        def call(self: Location, *arguments: object, **options: object) -> None:
            if next(steps) == step:
                raise Crash
            method(self, *arguments, **options)

        return call

    for name in ("write", "delete"):
        monkeypatch.setattr(Location, name, crashing(getattr(Location, name)))


def check_records(folder: Path) -> None:
    """Check that every record is true, but for files that are missing."""
    for path in folder.glob("_tickframe/parts/*.json"):
        for file in json.loads(path.read_text())["files"]:
            content = folder / file["name"]
            if content.exists():
                assert sha256(content.read_bytes()) == file["sha256"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_export_that_ends_at_any_step_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str
) -> None:
    before, ended, asked = SCENARIOS[scenario]
    alone = tmp_path / "alone"
    asked.to(alone)
    for step in itertools.count():
        folder = tmp_path / str(step)
        if before is not None:
            before.to(folder)
        with monkeypatch.context() as patch:
            crashing_at(step, patch)
            try:
                ended.to(folder)
            except Crash:
                crashed = True
            else:
                crashed = False
        if not crashed:
            break
        check_records(folder)
        asked.to(folder)
        assert files_in(folder) == files_in(alone), step
    assert step > 5

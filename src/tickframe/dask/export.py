"""Exports by all workers of a cluster: each file is written by the worker that asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from dask.base import compute
from dask.delayed import delayed

from tickframe.cache.service import CacheMode
from tickframe.dask.worker import Reach, reach_of
from tickframe.export import Dataset, Existing, Record, outcomes_beside
from tickframe.plan.part import Part
from tickframe.run.fetch import OnError
from tickframe.run.outcomes import Outcomes

if TYPE_CHECKING:
    from tickframe.query import Query


def export(
    query: Query, dataset: Dataset, existing: Existing, on_error: OnError, mode: CacheMode
) -> list[Path] | list[str]:
    """Write the answers to a query's parts into a dataset, by Dask.

    Parameters
    ----------
    query
        The query; it gets the outcomes of all parts at the end.
    dataset
        Where to write: a place that all workers reach.
    existing, on_error, mode
        As ``existing``, ``on_error`` and ``cache`` of :meth:`tickframe.Query.to_parquet`.

    Returns
    -------
    list of Path or list of str
        What :meth:`tickframe.Query.to_parquet` returns.

    Raises
    ------
    TickframeError
        If a part is not answered whole; what was written before is there.
    FileExistsError
        If ``existing`` is ``"error"`` and a part is there.
    ValueError
        If the dataset or the cache is at a place that holds a secret.
    """
    dataset.check_portable()
    reach = reach_of(query, mode)
    parts = query._parts
    # Each task looks for what is there already: in an object store that takes longer than one process has.
    dataset.begin(parts if existing == "error" else (), existing)
    # What a task asks for at once is what is lost with its worker.
    size = reach.max_requests
    skip = existing == "skip"
    writes = [_Write(reach, dataset, parts[at : at + size], skip, on_error) for at in range(0, len(parts), size)]
    written = compute(*(delayed(write, pure=False, traverse=False)() for write in writes))
    query.outcomes = Outcomes(outcome for _, outcomes in written for outcome in outcomes)
    return dataset.finish([record for records, _ in written for record in records])


class _Write:
    """Writes what a dataset lacks of some parts. No dataclass, since Dask would walk through every part.

    A task that is run again, since its worker was lost, goes on where the last one ended.
    """

    def __init__(self, reach: Reach, dataset: Dataset, parts: Sequence[Part], skip: bool, on_error: OnError) -> None:
        self._reach = reach
        self._dataset = dataset
        self._parts = parts
        self._skip = skip
        self._on_error: OnError = on_error

    def __call__(self) -> tuple[list[Record], Outcomes]:
        """Return what the dataset has of the parts now, and what happened to each."""
        found = {place: self._dataset.record_of(part) for place, part in enumerate(self._parts)} if self._skip else {}
        done = {place: record for place, record in found.items() if record is not None}
        records = {place: [record] for place, record in done.items()}
        missing = [place for place in range(len(self._parts)) if place not in done]
        asked = [self._parts[place] for place in missing]
        outcomes = Outcomes()
        for place, part, batches in self._reach.fetch(asked, outcomes, self._on_error):
            record = self._dataset.write(part, pa.Table.from_batches(batches))
            records.setdefault(missing[place], []).append(record)
        written = [record for place in sorted(records) for record in records[place]]
        return written, outcomes_beside(done, self._parts, outcomes)

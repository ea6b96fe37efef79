"""Exports by all workers of a cluster: each file is written by the worker that asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from dask.base import compute
from dask.delayed import delayed

from tickframe.cached_service import CacheMode
from tickframe.dask.worker import Reach, reach_of
from tickframe.export import Dataset, Existing, Record, outcomes_beside
from tickframe.fetch import OnError
from tickframe.outcomes import Outcomes
from tickframe.part import Part

if TYPE_CHECKING:
    from tickframe.query import Query

__all__ = ["export"]


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
    write = delayed(_write, pure=False, traverse=False)
    skip = existing == "skip"
    tasks = [write(reach, dataset, parts[at : at + size], skip, on_error) for at in range(0, len(parts), size)]
    written = compute(*tasks)
    query.outcomes = Outcomes(outcome for _, outcomes in written for outcome in outcomes)
    return dataset.finish([record for records, _ in written for record in records])


def _write(
    reach: Reach, dataset: Dataset, parts: Sequence[Part], skip: bool, on_error: OnError
) -> tuple[list[Record], Outcomes]:
    """Write what a dataset lacks of some parts. A task that is run again goes on where the last one ended."""
    found = {place: dataset.record_of(part) for place, part in enumerate(parts)} if skip else {}
    done = {place: record for place, record in found.items() if record is not None}
    records = {place: [record] for place, record in done.items()}
    missing = [place for place in range(len(parts)) if place not in done]
    outcomes = Outcomes()
    for place, part, batches in reach.fetch([parts[place] for place in missing], outcomes, on_error):
        record = dataset.write(part, pa.Table.from_batches(batches))
        records.setdefault(missing[place], []).append(record)
    return [record for place in sorted(records) for record in records[place]], outcomes_beside(done, parts, outcomes)

"""Exports by all workers of a cluster: each file is written by the worker that loaded its rows."""

from __future__ import annotations

from collections.abc import Sequence

from dask.base import compute
from dask.delayed import delayed

from tickframe.cache.service import CacheMode
from tickframe.dask.worker import WorkerSource
from tickframe.export import Dataset, Existing, Export, Record
from tickframe.plan.part import Part
from tickframe.plan.plan import Plan
from tickframe.run.fetch import OnError
from tickframe.run.outcomes import Outcomes
from tickframe.run.source import Source


def export_parts(
    plan: Plan, source: Source, dataset: Dataset, existing: Existing, *, on_error: OnError, mode: CacheMode
) -> tuple[list[Record], Outcomes]:
    """Write the responses to a plan's parts into a dataset, with Dask.

    Parameters
    ----------
    plan
        The requests.
    source
        Where responses come from.
    dataset
        Where to write: a location that all workers reach.
    existing, on_error, mode
        As ``existing``, ``on_error`` and ``cache`` of :meth:`tickframe.Query.to_parquet`.

    Returns
    -------
    records : list of Record
        The records of all parts.
    outcomes : Outcomes
        Their outcomes.

    Raises
    ------
    TickframeError
        If a part fails; what was written before is there.
    FileExistsError
        If ``existing`` is ``"error"`` and a part is there.
    DatasetError
        If the location holds something that cannot be together with these parts.
    ValueError
        If the location of the dataset or the cache holds a secret.
    """
    dataset.check_portable()
    size = plan.options.max_workers
    worker_source = WorkerSource.of(source, mode, size)
    # Each task checks what is complete: in an object store that would take one process a long time.
    dataset.begin(plan.parts, existing)
    dataset.prepare()
    # The parts that a task loads at once are what is lost with its worker.
    tasks = [
        _Write(worker_source, dataset, plan.parts[at : at + size], on_error, skip=existing == "skip")
        for at in range(0, len(plan.parts), size)
    ]
    written = compute(*(delayed(task, pure=False, traverse=False)() for task in tasks))
    records = [record for some, _ in written for record in some]
    return records, Outcomes(outcome for _, outcomes in written for outcome in outcomes)


class _Write:
    """Writes the parts that a dataset lacks. Not a dataclass, since Dask would walk through every part.

    A task that is run again, because its worker was lost, continues where the last one ended.
    """

    def __init__(
        self, source: WorkerSource, dataset: Dataset, parts: Sequence[Part], on_error: OnError, *, skip: bool
    ) -> None:
        self._source = source
        self._dataset = dataset
        self._parts = parts
        self._on_error: OnError = on_error
        self._skip = skip

    def __call__(self) -> tuple[list[Record], Outcomes]:
        """Return the records and the outcomes of the parts."""
        done = self._dataset.done(self._parts) if self._skip else {}
        # The tasks of a worker run at once.
        export = Export(self._dataset, self._parts, done, threads=1)
        with self._source.run(export.missing, self._on_error) as run:
            records = export.write(run)
        return records, export.outcomes(run.outcomes)

"""The loop of an export: the parts that a dataset lacks, written by several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from tickframe.errors import TickframeError
from tickframe.export.dataset import Dataset
from tickframe.export.records import Record
from tickframe.plan.part import Part
from tickframe.run.fetch import Fetched
from tickframe.run.outcomes import Outcome, Outcomes
from tickframe.threads import StartedCall
from tickframe.wire.reader import Response

_THREAD = "tickframe-write"


class Export:
    """Writes the parts that a dataset lacks.

    Parameters
    ----------
    dataset
        Where to write.
    parts
        All parts of the export.
    done
        The records of the parts that are complete, by their index.
    threads
        How many threads write at most; by default twice as many as there are cores, since some wait for the disk.
    """

    def __init__(
        self, dataset: Dataset, parts: Sequence[Part], done: Mapping[int, Record], threads: int | None = None
    ) -> None:
        self._dataset = dataset
        self._parts = parts
        self._done = done
        self._missing = [at for at in range(len(parts)) if at not in done]
        self._threads = min(threads or 2 * (os.cpu_count() or 1), len(self._missing))

    @property
    def missing(self) -> list[Part]:
        """The parts to load."""
        return [self._parts[at] for at in self._missing]

    def write(self, responses: Iterable[Fetched]) -> list[Record]:
        """Write the responses to the missing parts, and return the records of all parts in their order."""
        records = dict(self._done)
        writes = ((self._missing[position], batches) for position, batches in _by_part(responses))
        if self._threads <= 1:
            for at, batches in writes:
                self._settle(batches)
                records[at] = self._dataset.write(self._parts[at], batches)
        else:
            records.update(self._write_in_threads(writes))
        return [records[at] for at in sorted(records)]

    def _write_in_threads(self, writes: Iterable[tuple[int, Sequence[pa.RecordBatch]]]) -> Iterator[tuple[int, Record]]:
        """Write parts at once, no more than a thread each and one that waits; yield their records in order."""
        pending: deque[tuple[int, StartedCall[Record]]] = deque()
        try:
            for at, batches in writes:
                self._settle(batches)
                # The interpreter waits for it: what has arrived is written, also after an error or an interrupt.
                pending.append(
                    (at, StartedCall(self._dataset.write, self._parts[at], batches, name=_THREAD, daemon=False))
                )
                del batches
                if len(pending) > self._threads:
                    first, record = pending.popleft()
                    yield first, record.result()
            for first, record in pending:
                yield first, record.result()
        except TickframeError:
            for _, record in pending:
                # The error of an earlier part comes first.
                record.result()
            raise
        finally:
            for _, record in pending:
                record.wait()

    def _settle(self, batches: Sequence[pa.RecordBatch]) -> None:
        self._dataset.prepare()
        if any(batch.num_rows for batch in batches):
            self._dataset.settle_columns(batches[0].schema)

    def outcomes(self, fetched: Iterable[Outcome]) -> Outcomes:
        """Return the outcomes of all parts in their order.

        Parameters
        ----------
        fetched
            The outcomes of the missing parts so far.
        """
        remaining = iter(fetched)
        outcomes = Outcomes()
        for at, part in enumerate(self._parts):
            if at in self._done:
                response = Response((), rows=self._done[at].rows, bytes=0, origin="dataset")
                outcomes.append(Outcome(part, response, seconds=0.0))
            elif (outcome := next(remaining, None)) is not None:
                outcomes.append(outcome)
        for outcome in remaining:
            outcomes.append(outcome)
        return outcomes


def _by_part(responses: Iterable[Fetched]) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
    """Join the pages of each part; those of a part that failed are not all there."""
    pages: list[pa.RecordBatch] = []
    position = -1
    for fetched in responses:
        if fetched.position != position:
            pages, position = [], fetched.position
        pages.extend(fetched.response.batches)
        if fetched.completes_part:
            yield position, pages

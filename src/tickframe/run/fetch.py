"""Parts to answers: many at a time, in order, each with an outcome, pages walked to the last."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

import pyarrow as pa

from tickframe.errors import DecodeError, IncompletePagesError, TickframeError, TickframeWarning
from tickframe.http.cancellation import Cancellation
from tickframe.plan.part import Part
from tickframe.run.ordered_pool import Window
from tickframe.run.outcomes import Outcome, Outcomes
from tickframe.run.progress import Progress, open_progress, show_totals
from tickframe.wire.reader import Response

#: The place of a part, the request, and the rows of its answer.
PartAnswer = tuple[int, Part, Sequence[pa.RecordBatch]]


def conform(answers: Iterable[PartAnswer]) -> Iterator[PartAnswer]:
    """Give every batch the schema of the first one with rows.

    An answer without rows has the documented types; what the service really sends outweighs them.

    Raises
    ------
    DecodeError
        If batches with rows differ in their columns.
    """
    schema: pa.Schema | None = None
    empty: list[PartAnswer] = []
    for answer in answers:
        schema = schema or next((batch.schema for batch in answer[2] if batch.num_rows), None)
        if schema is None:
            empty.append(answer)
            continue
        for waiting in (*empty, answer):
            yield _of_schema(waiting, schema)
        empty.clear()
    for answer in empty:
        yield _of_schema(answer, empty[-1][2][-1].schema)


def _of_schema(answer: PartAnswer, schema: pa.Schema) -> PartAnswer:
    place, part, batches = answer
    conformed = []
    for batch in batches:
        if batch.num_rows and not batch.schema.equals(schema):
            raise _other_columns(part, batch.schema, schema)
        conformed.append(batch if batch.num_rows else pa.RecordBatch.from_pylist([], schema))
    return place, part, conformed


def _other_columns(part: Part, schema: pa.Schema, expected: pa.Schema) -> DecodeError:
    here = {field.name: str(field.type) for field in schema}
    there = {field.name: str(field.type) for field in expected}
    differing = [name for name in here | there if here.get(name) != there.get(name)] or list(here)
    name = differing[0]
    return DecodeError(
        f"column {name!r} is {here.get(name, 'absent')} in this answer and {there.get(name, 'absent')} in those "
        "before it: ask for the parts in queries of their own",
        column=name,
        part=str(part),
    )


OnError = Literal["raise", "collect"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a query runs.

    Attributes
    ----------
    max_workers : int
        How many requests are under way at once.
    max_bytes : int
        No request is begun while answers of so many bytes wait for their turn.
    progress : bool or Progress
        Whether to show a bar on stderr, or what to tell of each part.
    """

    max_workers: int = 8
    max_bytes: int = 512 * 1024 * 1024
    progress: bool | Progress = False

    def __post_init__(self) -> None:
        if self.max_workers < 1 or self.max_bytes < 1:
            raise ValueError("max_workers and max_bytes must be at least 1: leave them out for 8 requests and 512 MiB")


class Answers(Protocol):
    """What answers parts: the service, or the cache before it."""

    def answer(self, part: Part, cancellation: Cancellation, /) -> Response:
        """Return the whole answer to a part."""

    def remark(self) -> str:
        """Return what is to be said once of how the answers came; empty where that is nothing."""


@dataclass(slots=True)
class _Fetched:
    """What became of a part: its requests, which are several where it is paged."""

    answers: list[tuple[Part, tuple[pa.RecordBatch, ...]]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    error: TickframeError | None = None

    @property
    def size(self) -> int:
        return sum(outcome.bytes for outcome in self.outcomes)


def fetch(
    answers: Answers, parts: Sequence[Part], outcomes: Outcomes, options: RunOptions, on_error: OnError = "raise"
) -> Iterator[tuple[int, Part, tuple[pa.RecordBatch, ...]]]:
    """Ask for parts, several at a time, and return their answers in order.

    Parameters
    ----------
    answers
        The service, or the cache before it.
    parts
        The requests. A paged one stands for all its pages.
    outcomes
        Takes the outcome of each request when its turn comes, failed ones too.
    options
        How many at a time.
    on_error
        ``"raise"`` ends the run with the first part that fails; ``"collect"`` leaves failures in the
        outcomes and goes on.

    Yields
    ------
    (int, Part, tuple of pyarrow.RecordBatch)
        The place of the part, each request that was answered, and the rows of its answer.

    Warns
    -----
    TickframeWarning
        Once at the end, if the service said something beside its answers; and once if parts failed.

    Raises
    ------
    TickframeError
        What the first failing request failed with.
    """
    if on_error not in ("raise", "collect"):
        raise ValueError(f"on_error {on_error!r} is neither 'raise' nor 'collect'")
    progress = open_progress(options.progress, len(parts))
    rows = size = 0
    try:
        for place, fetched in enumerate(_fetch_all(answers, parts, options, on_error)):
            for outcome in fetched.outcomes:
                outcomes.append(outcome)
                rows += outcome.rows
                size += outcome.bytes
            if fetched.error is not None and on_error == "raise":
                _warn(outcomes, answers.remark())
                raise fetched.error
            for request, batches in fetched.answers:
                yield place, request, batches
            if progress is not None:
                show_totals(progress, rows, size)
                progress.update(1)
    finally:
        if progress is not None:
            progress.close()
    _warn(outcomes, answers.remark(), failures=True)


def _fetch_all(answers: Answers, parts: Sequence[Part], options: RunOptions, on_error: OnError) -> Iterator[_Fetched]:
    cancellation = Cancellation()
    if len(parts) <= 1 or options.max_workers == 1:
        # One after another needs no thread.
        return (_fetch_part(answers, cancellation, part) for part in parts)
    window: Window[Part, _Fetched] = Window(
        partial(_fetch_part, answers, cancellation),
        size=lambda fetched: fetched.size,
        is_final=lambda fetched: on_error == "raise" and fetched.error is not None,
        max_workers=options.max_workers,
        max_bytes=options.max_bytes,
        cancellation=cancellation,
    )
    return window.results(parts)


def _fetch_part(answers: Answers, cancellation: Cancellation, part: Part) -> _Fetched:
    """Ask for a part, and if it is paged for the page behind each cursor; what fails is recorded."""
    fetched = _Fetched()
    request: Part | None = part
    started = time.monotonic()
    try:
        while request is not None:
            started = time.monotonic()
            answer = answers.answer(request, cancellation)
            fetched.answers.append((request, answer.batches))
            fetched.outcomes.append(Outcome(request, answer.without_batches(), time.monotonic() - started))
            request = _next_page(part, fetched) if part.paged else None
    except TickframeError as error:
        failed = request or part
        nothing = Response((), rows=0, bytes=0, attempts=error.attempts)
        fetched.outcomes.append(Outcome(failed, nothing, time.monotonic() - started, error=str(error)))
        fetched.error = error
    return fetched


def _next_page(part: Part, fetched: _Fetched) -> Part | None:
    """Return the request for the page behind the last one, None where there is no more.

    Raises
    ------
    IncompletePagesError
        If the pages have no end, or hold less than the service announced.
    """
    meta = fetched.outcomes[-1].meta
    cursor = meta.get("cursor")
    if cursor:
        if not isinstance(cursor, str):
            raise IncompletePagesError(
                f"the service names the next page by a {type(cursor).__name__}: it cannot be asked for; "
                "first_pages() has the first",
                status=200,
                part=str(part),
            )
        if cursor in [outcome.meta.get("cursor") for outcome in fetched.outcomes[:-1]]:
            raise IncompletePagesError(
                f"the service answered with the cursor {cursor!r} twice: its pages have no end; "
                "first_pages() has the first",
                status=200,
                part=str(part),
            )
        return part.with_cursor(cursor)
    rows = sum(outcome.rows for outcome in fetched.outcomes)
    total = meta.get("total_hits")
    if isinstance(total, int | float) and rows < total and "cursor" not in dict(part.parameters):
        raise IncompletePagesError(
            f"the pages hold {rows:,} rows where the service announced {total:,.0f}: ask again",
            status=200,
            part=str(part),
        )
    return None


def _warn(outcomes: Outcomes, remark: str, *, failures: bool = False) -> None:
    """Say once what the service said, what failed and what is remarkable, however many parts it was."""
    for said in (
        [outcome.error for outcome in outcomes if outcome.error and failures],
        [outcome.warning for outcome in outcomes if outcome.warning],
    ):
        words = list(dict.fromkeys(said))
        if words:
            more = f" (and {len(words) - 1} more: see the query's outcomes)" if len(words) > 1 else ""
            of = f" [{len(said)} of {len(outcomes)} parts]" if len(outcomes) > 1 else ""
            warnings.warn(f"{words[0]}{more}{of}", TickframeWarning, stacklevel=_depth_of_caller())
    if remark:
        warnings.warn(remark, TickframeWarning, stacklevel=_depth_of_caller())


def _depth_of_caller() -> int:
    """Count the frames up to the first one outside the package, for a warning to point at."""
    depth = 0
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("tickframe."):
        frame = frame.f_back
        depth += 1
    return depth

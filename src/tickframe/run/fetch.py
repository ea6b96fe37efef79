"""Running a plan: many requests at once, responses in order with one schema, an outcome for each, pages walked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, NamedTuple

import pyarrow as pa

from tickframe.errors import DecodeError, IncompletePagesError, TickframeError, warn
from tickframe.http.cancellation import Cancellation
from tickframe.plan.part import Part
from tickframe.plan.plan import Options
from tickframe.run.ordered_pool import OrderedPool
from tickframe.run.outcomes import Outcome, Outcomes
from tickframe.run.progress import Progress, open_progress, show_totals
from tickframe.run.source import Responder
from tickframe.run.symbol_column import with_symbol_column
from tickframe.wire.reader import Response

OnError = Literal["raise", "collect"]


class Fetched(NamedTuple):
    """The response to one request of a run.

    Attributes
    ----------
    position : int
        The position of its part among the parts of the run.
    part : Part
        The request: the part itself, or the page of a paged part.
    response : Response
        Its response.
    completes_part : bool
        Whether everything of its part has arrived with it; False for a page before the last one.
    """

    position: int
    part: Part
    response: Response
    completes_part: bool = True


class Run:
    """One execution of some parts. Iterate over it once for the responses, in the order of the parts.

    All batches have one schema. Each run has its own outcomes, so that threads can run the same plan.

    Parameters
    ----------
    responder
        The service, or the cache in front of it.
    parts
        The requests. A paged part means all of its pages.
    options
        How many at once.
    on_error
        ``"raise"`` ends the run with the first part that fails; ``"collect"`` leaves failures in the
        outcomes and continues.
    progress
        Whether to show a progress bar, or what to tell of each part.

    Attributes
    ----------
    outcomes : Outcomes
        The outcome of each request so far.

    Raises
    ------
    ValueError
        If ``on_error`` is unknown.
    """

    def __init__(
        self,
        responder: Responder,
        parts: Sequence[Part],
        options: Options,
        *,
        on_error: OnError = "raise",
        progress: bool | Progress = False,
    ) -> None:
        if on_error not in ("raise", "collect"):
            raise ValueError(f"invalid on_error {on_error!r}: expected 'raise' or 'collect'")
        self.outcomes = Outcomes()
        self._responder = responder
        self._parts = parts
        self._options = options
        self._on_error: OnError = on_error
        self._progress = progress

    def __iter__(self) -> Iterator[Fetched]:
        """Send the requests and return the responses.

        Warns
        -----
        TickframeWarning
            Once at the end for all warnings of the service, and once for all failed parts.

        Raises
        ------
        TickframeError
            The error of the first request that fails.
        DecodeError
            If responses with rows differ in their columns.
        """
        return _with_one_schema(self._fetch())

    def _fetch(self) -> Iterator[Fetched]:
        progress = open_progress(self._progress, len(self._parts))
        rows = size = 0
        try:
            for index, result in enumerate(self._results()):
                for outcome in result.outcomes:
                    self.outcomes.append(outcome)
                    rows += outcome.rows
                    size += outcome.bytes
                if result.error is not None and self._on_error == "raise":
                    _warn(self.outcomes, [outcome.warning for outcome in self.outcomes])
                    raise result.error
                for page, (part, response) in enumerate(result.responses, start=1):
                    yield Fetched(index, part, response, page == len(result.responses) and result.error is None)
                if progress is not None:
                    show_totals(progress, rows, size)
                    progress.update(1)
        finally:
            if progress is not None:
                progress.close()
        _warn(self.outcomes, [outcome.error for outcome in self.outcomes])
        _warn(self.outcomes, [outcome.warning for outcome in self.outcomes])

    def _results(self) -> Iterator[_Result]:
        cancellation = Cancellation()
        if len(self._parts) <= 1 or self._options.max_workers == 1 or sys.is_finalizing():
            # One after another needs no thread, and while the interpreter exits none would run.
            return (_fetch_part(self._responder, cancellation, part) for part in self._parts)
        pool: OrderedPool[Part, _Result] = OrderedPool(
            partial(_fetch_part, self._responder, cancellation),
            size=lambda result: sum(outcome.bytes for outcome in result.outcomes),
            is_final=lambda result: self._on_error == "raise" and result.error is not None,
            max_workers=self._options.max_workers,
            max_bytes=self._options.max_bytes,
            cancellation=cancellation,
        )
        return pool.results(self._parts)


@dataclass(slots=True)
class _Result:
    """The responses to a part, several if it is paged, with their outcomes, and what it failed with."""

    responses: list[tuple[Part, Response]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    error: TickframeError | None = None


def _fetch_part(responder: Responder, cancellation: Cancellation, part: Part) -> _Result:
    """Fetch a part and, if it is paged, the page after each cursor; a failure is part of the result."""
    result = _Result()
    request: Part | None = part
    started = time.monotonic()
    try:
        while request is not None:
            started = time.monotonic()
            response = with_symbol_column(responder.answer(request, cancellation), request)
            result.responses.append((request, response))
            result.outcomes.append(Outcome(request, response.without_batches(), time.monotonic() - started))
            request = _next_page(part, result.outcomes) if part.paged else None
    except TickframeError as error:
        failed = Response((), rows=0, bytes=0, attempts=error.attempts)
        result.outcomes.append(Outcome(request or part, failed, time.monotonic() - started, error=str(error)))
        result.error = error
    return result


def _next_page(part: Part, pages: Sequence[Outcome]) -> Part | None:
    """Return the request for the page after the last one; None if there is none.

    The last page has no cursor or an empty one; or, as in older versions of the service, the cursor that it was
    requested with and no rows, or all announced rows are there.

    Raises
    ------
    IncompletePagesError
        If the pages do not end, or have not as many rows as the service announced.
    """
    meta = pages[-1].meta
    cursor, total = meta.get("cursor"), meta.get("total_hits")
    rows = sum(page.rows for page in pages)
    start = dict(part.parameters).get("cursor")
    if cursor:
        if not isinstance(cursor, str):
            raise _incomplete(part, f"the cursor of the next page is a {type(cursor).__name__}: expected a string")
        if cursor not in [start, *(page.meta.get("cursor") for page in pages[:-1])]:
            return part.with_cursor(cursor)
        if pages[-1].rows and (start is not None or rows != total):
            raise _incomplete(part, f"the service returned the cursor {cursor!r} twice: its pages do not end")
    if isinstance(total, int | float) and rows < total and start is None:
        raise _incomplete(part, f"the pages have {rows:,} rows and the service announced {total:,.0f}: load them again")
    return None


def _incomplete(part: Part, message: str) -> IncompletePagesError:
    return IncompletePagesError(f"{message}; first_pages() loads only the first page", status=200, part=str(part))


def _with_one_schema(responses: Iterable[Fetched]) -> Iterator[Fetched]:
    """Give every batch the schema of the first batch with rows.

    A response without rows has the documented types, but the types that the service sends take precedence.

    Raises
    ------
    DecodeError
        If batches with rows differ in their columns.
    """
    schema: pa.Schema | None = None
    empty: list[Fetched] = []
    for fetched in responses:
        schema = schema or next((batch.schema for batch in fetched.response.batches if batch.num_rows), None)
        if schema is None:
            empty.append(fetched)
            continue
        for waiting in (*empty, fetched):
            yield _conformed(waiting, schema)
        empty.clear()
    for fetched in empty:
        yield _conformed(fetched, empty[-1].response.batches[-1].schema)


def _conformed(fetched: Fetched, schema: pa.Schema) -> Fetched:
    batches = fetched.response.batches
    for batch in batches:
        if batch.num_rows and not batch.schema.equals(schema):
            raise _different_columns(fetched.part, batch.schema, schema)
    conformed = tuple(batch if batch.num_rows else pa.RecordBatch.from_pylist([], schema) for batch in batches)
    return fetched._replace(response=replace(fetched.response, batches=conformed))


def _different_columns(part: Part, schema: pa.Schema, expected: pa.Schema) -> DecodeError:
    here = {field.name: str(field.type) for field in schema}
    there = {field.name: str(field.type) for field in expected}
    name = next((name for name in here | there if here.get(name) != there.get(name)), schema.names[0])
    return DecodeError(
        f"column {name!r} is {here.get(name, 'absent')} in this response and {there.get(name, 'absent')} in those "
        "before it: load these parts in separate queries",
        column=name,
        part=str(part),
    )


def _warn(outcomes: Outcomes, messages: Iterable[str]) -> None:
    """Warn once, however many parts have a message."""
    given = [message for message in messages if message]
    distinct = list(dict.fromkeys(given))
    if distinct:
        more = f" (and {len(distinct) - 1} more: see the query's outcomes)" if len(distinct) > 1 else ""
        of = f" [{len(given)} of {len(outcomes)} parts]" if len(outcomes) > 1 else ""
        warn(f"{distinct[0]}{more}{of}")

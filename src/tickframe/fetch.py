"""Parts to answers: in order, one outcome each, pages walked to the last."""

from __future__ import annotations

import contextlib
import inspect
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from tickframe.decode import Response
from tickframe.errors import IncompletePagesError, TickframeError, TickframeWarning
from tickframe.outcomes import Outcome, Outcomes
from tickframe.part import Part
from tickframe.service import Answer, Service

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["fetch"]


def fetch(
    service: Service, parts: Sequence[Part], outcomes: Outcomes, *, progress: bool = False
) -> Iterator[tuple[Part, tuple[Response, ...]]]:
    """Ask for parts in turn.

    Parameters
    ----------
    service
        The service.
    parts
        The requests. A paged one stands for all its pages.
    outcomes
        Takes the outcome of each request as it is known, failed ones too.
    progress
        Whether to show a bar on stderr.

    Yields
    ------
    (Part, tuple of Response)
        Each request that was made, and the frames of its answer.

    Warns
    -----
    TickframeWarning
        Once at the end, if the service said something beside its answers.

    Raises
    ------
    TickframeError
        What the first failing request failed with.
    """
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(_progress_bar(len(parts))) if progress else None
        rows = 0
        for part in parts:
            for request, answer in _pages(service, part, outcomes):
                rows += sum(response.batch.num_rows for response in answer.responses)
                yield request, answer.responses
            if bar is not None:
                bar.set_postfix(rows=f"{rows:,}", refresh=False)
                bar.update()
    _warn(outcomes)


def _progress_bar(parts: int) -> tqdm[NoReturn]:
    """Return a bar on stderr: a widget in a notebook that has widgets, text anywhere else."""
    # Without widgets tqdm.auto warns when it is imported, which only those should see who want a bar.
    from tqdm.auto import tqdm  # noqa: PLC0415

    return tqdm(total=parts, desc="tickframe", unit="part")


def _pages(service: Service, part: Part, outcomes: Outcomes) -> Iterator[tuple[Part, Answer]]:
    """Ask for a part, and if it is paged for the page behind each cursor."""
    seen: set[object] = set()
    rows = 0
    request: Part | None = part
    while request is not None:
        answer = _recorded_answer(service, request, outcomes)
        yield request, answer
        request = None
        meta = answer.responses[-1].meta
        cursor = meta.get("cursor")
        rows += sum(response.batch.num_rows for response in answer.responses)
        if not part.paged:
            return
        if cursor:
            if cursor in seen:
                raise IncompletePagesError(
                    f"the service answered with the cursor {cursor!r} twice: its pages have no end",
                    status=200,
                    part=str(part),
                )
            seen.add(cursor)
            request = part.with_cursor(str(cursor))
        elif "cursor" not in dict(part.parameters):
            _check_total(rows, meta.get("total_hits"), part)


def _check_total(rows: int, total: object, part: Part) -> None:
    if isinstance(total, int) and rows < total:
        raise IncompletePagesError(
            f"the pages hold {rows:,} rows where the service announced {total:,}: ask again", status=200, part=str(part)
        )


def _recorded_answer(service: Service, part: Part, outcomes: Outcomes) -> Answer:
    started = time.monotonic()
    try:
        answer = service.answer(part)
    except TickframeError as error:
        seconds = time.monotonic() - started
        outcomes.append(Outcome(part, rows=0, bytes=0, seconds=seconds, attempts=error.attempts, error=str(error)))
        raise
    responses = answer.responses
    outcomes.append(
        Outcome(
            part,
            rows=sum(response.batch.num_rows for response in responses),
            bytes=sum(response.length for response in responses),
            seconds=time.monotonic() - started,
            attempts=answer.attempts,
            warning="; ".join(dict.fromkeys(_warnings_of(responses))),
            meta={name: value for response in responses for name, value in response.meta.items()},
        )
    )
    return answer


def _warnings_of(responses: Iterable[Response]) -> Iterator[str]:
    for response in responses:
        if response.warning:
            yield response.warning
        if response.missing:
            yield f"the answer lacks the documented column(s) {', '.join(response.missing)}, which are null here"


def _warn(outcomes: Outcomes) -> None:
    """Say once what the service said, however many parts it said it of."""
    words = list(dict.fromkeys(outcome.warning for outcome in outcomes if outcome.warning))
    if not words:
        return
    count = sum(bool(outcome.warning) for outcome in outcomes)
    more = f" (and {len(words) - 1} more: see query.outcomes)" if len(words) > 1 else ""
    of = f" [{count} of {len(outcomes)} parts]" if len(outcomes) > 1 else ""
    warnings.warn(f"{words[0]}{more}{of}", TickframeWarning, stacklevel=_depth_of_caller())


def _depth_of_caller() -> int:
    """Count the frames up to the first one outside the package, for a warning to point at."""
    depth = 0
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("tickframe."):
        frame = frame.f_back
        depth += 1
    return depth

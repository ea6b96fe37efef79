"""One schema for the answers to all parts of a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from tickframe.errors import DecodeError
from tickframe.part import Part

__all__ = ["PartAnswer", "conform"]

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

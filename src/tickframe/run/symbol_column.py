"""The symbol of the request as a column, for responses that do not say whose rows they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from tickframe.catalogue import Column
from tickframe.plan.part import Part
from tickframe.wire.batch import to_record_batch
from tickframe.wire.reader import Response


def with_symbol_column(response: Response, part: Part) -> Response:
    """Return a response with the column of the requested symbol, if its function documents one.

    It is the first column. Where the response has a column of that name, its values are kept.

    Parameters
    ----------
    response
        The response, from the service or from the cache.
    part
        The request, of one symbol.
    """
    if part.symbol_column is None:
        return response
    batches = tuple(_with_label(batch, part.symbol_column, part.symbol) for batch in response.batches)
    return replace(response, batches=batches)


def _with_label(batch: pa.RecordBatch, column: Column, value: str) -> pa.RecordBatch:
    """Return a batch with a column of labels first, which has the value in each row if it is missing."""
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
    sent = arrays.get(column.name)
    if sent is None:
        arrays[column.name] = pa.DictionaryArray.from_arrays(np.zeros(batch.num_rows, dtype=np.int32), [value])
    elif pa.types.is_string(sent.type):
        arrays[column.name] = sent.dictionary_encode()
    labelled, _ = to_record_batch(arrays, [column])
    return labelled

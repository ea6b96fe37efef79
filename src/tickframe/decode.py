"""Decode framed responses that do not come from a client, such as those in a file.

>>> import tickframe.decode
>>> for batch in tickframe.decode.read_batches(open("response.bin", "rb")):  # doctest: +SKIP
...     print(batch.num_rows)
"""

from tickframe.wire.batch import documented_schema
from tickframe.wire.reader import Response, read_batches, read_responses

__all__ = ["Response", "documented_schema", "read_batches", "read_responses"]

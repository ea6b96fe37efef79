"""Decode framed responses that came another way than through a client: from a file, or from a program of your own.

>>> import tickframe.decode
>>> for batch in tickframe.decode.read_batches(open("response.bin", "rb")):  # doctest: +SKIP
...     print(batch.num_rows)
"""

from tickframe.wire.batch import documented_schema
from tickframe.wire.reader import Response, read_batches, read_responses

__all__ = ["Response", "documented_schema", "read_batches", "read_responses"]

"""Queries on many machines: lazy Dask DataFrames, and exports by all workers of a cluster.

A task holds requests and says how to reach the service; no secret is in it. Each worker process has
a client of its own, with the credentials of its own environment (see :mod:`tickframe.settings`) or
with those that :class:`Credentials` brings. With Dask's threads, on one machine without a cluster,
the query's own client answers.

All workers together have as many requests under way as the query's client may have
(``Client(max_workers=...)``), by a ``distributed.Semaphore``; what a lost worker held of it comes back
after ``distributed.scheduler.locks.lease-timeout``. Where the service asks one worker to wait, all wait.
"""

from __future__ import annotations

from tickframe.dask.dataframe import Partition, from_query
from tickframe.dask.worker import Credentials

__all__ = ["Credentials", "Partition", "from_query"]

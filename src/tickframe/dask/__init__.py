"""Queries on many machines: lazy Dask DataFrames, and exports by all workers of a cluster.

A task holds requests and a description of the source, without secrets. Each worker process has
a client of its own, with the credentials of its own environment (see :mod:`tickframe.settings`) or
those that :class:`Credentials` sends. With Dask's threads, on one machine without a cluster,
the query's own client is used.

All workers together send as many requests at once as the query's client may
(``Client(max_workers=...)``), limited by a ``distributed.Semaphore``; the leases of a lost worker become free
after ``distributed.scheduler.locks.lease-timeout``. If the service asks one worker to wait, all wait.
"""

from __future__ import annotations

from tickframe.dask.dataframe import Partition, from_query
from tickframe.dask.worker import Credentials

__all__ = ["Credentials", "Partition", "from_query"]

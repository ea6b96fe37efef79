"""How the tasks of a worker reach the service and the cache."""

from __future__ import annotations

import contextlib
import pickle
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from distributed import Semaphore, Worker, WorkerPlugin, get_client, get_worker

from tickframe.cache.service import CacheMode
from tickframe.errors import SettingsError
from tickframe.http.cancellation import Cancellation
from tickframe.http.retry import SharedPause
from tickframe.http.service import Service
from tickframe.plan.part import Part
from tickframe.plan.plan import Options
from tickframe.run.fetch import OnError, Run
from tickframe.run.source import Responder, Source, SourceDescription
from tickframe.settings import Settings
from tickframe.wire.reader import Response

# Seconds after which a thread that waits for a lease checks whether its run was cancelled. Each check is a request
# that the scheduler gets from every waiting worker.
_LEASE_WAIT = 30.0


class Credentials(WorkerPlugin):
    """Sends a client's settings to all workers of a cluster, including those that join later.

    They stay in the memory of the scheduler and the workers, so the connections of the cluster should be
    encrypted. Workers whose environment holds the account need no plugin.

    Parameters
    ----------
    settings
        The settings, as ``Client.settings`` returns them. Only requests to their ``base_url`` use them.

    Examples
    --------
    >>> cluster = distributed.Client("tls://scheduler:8786")  # doctest: +SKIP
    >>> cluster.register_plugin(tickframe.dask.Credentials(client.settings))  # doctest: +SKIP
    """

    def __init__(self, settings: Settings) -> None:
        self.name = f"tickframe-credentials-{settings.base_url}"
        self._settings = settings

    def setup(self, worker: Worker) -> None:  # noqa: ARG002, the plugin's interface
        """Keep the settings for the tasks of this process."""
        with _LOCK:
            _SETTINGS[self._settings.base_url] = self._settings
            _SOURCES.clear()


@dataclass(frozen=True)
class WorkerSource:
    """Where the tasks of any process get responses. No secret is in it when it is pickled.

    Attributes
    ----------
    description : SourceDescription
        The source.
    mode : {"auto", "refresh", "only", "off"}
        How to use its cache.
    max_requests : int
        How many requests may be sent at once, in all processes together.
    own : _BoundedSource or None
        The source of the process that created this; it is not pickled.
    """

    description: SourceDescription
    mode: CacheMode
    max_requests: int
    own: _BoundedSource | None = field(default=None, repr=False)

    @classmethod
    def of(cls, source: Source, mode: CacheMode, max_requests: int) -> WorkerSource:
        """Return the worker source of a client's source.

        Raises
        ------
        ValueError
            If the cache is at a location that holds a secret or that other processes cannot open.
        """
        own = _BoundedSource(source, threading.BoundedSemaphore(max_requests))
        return cls(source.description(), mode, max_requests, own)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "own": None}

    def __dask_tokenize__(self) -> bytes:
        return pickle.dumps(self)

    @contextlib.contextmanager
    def run(self, parts: Sequence[Part], on_error: OnError = "raise") -> Iterator[Run]:
        """Run parts; at the end everything new has been written to the cache."""
        bounded = self.own or self._bounded_source()
        yield Run(bounded.responder(self.mode), parts, Options(max_workers=self.max_requests), on_error=on_error)
        if bounded.source.cache is not None:
            bounded.source.cache.flush()

    def _bounded_source(self) -> _BoundedSource:
        """Return the source that all tasks of a worker share."""
        worker = _worker()
        key = (worker.id if worker is not None else None, pickle.dumps(self))
        with _LOCK:
            if key not in _SOURCES:
                _SOURCES[key] = _BoundedSource(self.description.open(self._service(worker)))
            return _SOURCES[key]

    def _service(self, worker: Worker | None) -> Service:
        sent = _SETTINGS.get(self.description.settings["base_url"])
        settings = self.description.resolve_settings() if sent is None else replace(sent, **self.description.settings)
        # Without a worker it is a process of Dask's own, which shares nothing with others.
        return Service(settings) if worker is None else _WorkerService(settings, worker, self.max_requests)


@dataclass(frozen=True)
class _BoundedSource:
    """A source that answers a limited number of parts at once, however many threads ask."""

    source: Source
    semaphore: threading.BoundedSemaphore | None = None

    def responder(self, mode: CacheMode) -> Responder:
        responder = self.source.responder(mode)
        return responder if self.semaphore is None else _BoundedResponder(responder, self.semaphore)


@dataclass(frozen=True)
class _BoundedResponder:
    responder: Responder
    semaphore: threading.BoundedSemaphore

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        with self.semaphore:
            return self.responder.answer(part, cancellation)


class _WorkerService(Service):
    """The service for a worker, which shares request limits and pauses with the whole cluster."""

    def __init__(self, settings: Settings, worker: Worker, max_requests: int) -> None:
        self._cluster_pause = _ClusterPause(worker, f"tickframe-pause-{settings.host}")
        name = f"tickframe-{settings.host}-{max_requests}"
        self._leases = Semaphore(max_requests, name, scheduler_rpc=worker.scheduler, loop=worker.loop)
        self._acquiring = threading.Lock()
        super().__init__(settings)

    def _connect(self) -> None:
        super()._connect()
        self._pause = self._cluster_pause

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Return the response to a part, requested once the cluster has a lease available."""
        with self._lease(cancellation):
            try:
                return super().answer(part, cancellation)
            except SettingsError as error:
                raise SettingsError(
                    f"{error.message}. A worker takes the account from its own environment, or from "
                    "tickframe.dask.Credentials",
                    part=str(part),
                ) from error

    @contextlib.contextmanager
    def _lease(self, cancellation: Cancellation) -> Iterator[None]:
        # The scheduler wakes everyone who waits whenever a lease is free: one waiting thread a process is enough.
        with self._acquiring:
            cancellation.check()
            while not self._leases.acquire(timeout=_LEASE_WAIT):
                cancellation.check()
        try:
            yield
        finally:
            self._leases.release()


class _ClusterPause(SharedPause):
    """A pause that every worker of the cluster keeps, whichever of them the service asked for it."""

    def __init__(self, worker: Worker, topic: str) -> None:
        super().__init__()
        self._worker = worker
        self._topic = topic
        get_client().subscribe_topic(topic, self._receive)

    def extend(self, seconds: float, status: int) -> None:
        """Let no request out for a number of seconds, and tell the other workers."""
        super().extend(seconds, status)
        self._worker.log_event(self._topic, (seconds, status))

    def _receive(self, event: tuple[float, tuple[float, int]]) -> None:
        super().extend(*event[1])


def _worker() -> Worker | None:
    """Return the worker that runs this task; None outside a cluster."""
    try:
        return get_worker()
    except ValueError:
        return None


_LOCK = threading.Lock()
_SETTINGS: dict[str, Settings] = {}
_SOURCES: dict[tuple[str | None, bytes], _BoundedSource] = {}

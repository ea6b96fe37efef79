"""How the tasks of a worker reach the service and the cache."""

from __future__ import annotations

import contextlib
import pickle
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from distributed import Semaphore, Worker, WorkerPlugin, get_client, get_worker

from tickframe.cache import Cache
from tickframe.cache.service import CachedService, CacheMode
from tickframe.errors import SettingsError
from tickframe.http.cancellation import Cancellation
from tickframe.http.retry import SharedPause
from tickframe.http.service import Service
from tickframe.plan.part import Part
from tickframe.run.fetch import Answers, OnError, PartAnswer, RunOptions, conform, fetch
from tickframe.run.outcomes import Outcomes
from tickframe.settings import Settings, resolve_settings
from tickframe.wire.reader import Response

if TYPE_CHECKING:
    from tickframe.query import Query


# What a task says of the service. Whatever else is needed to reach it is the worker's own.
_PUBLIC_SETTINGS = (
    "base_url",
    "connect_timeout",
    "read_timeout",
    "retry_seconds",
    "path_template",
    "endpoints",
    "parameter_names",
    "maximum_length",
    "cache_namespace",
)
# Seconds after which a thread that waits for a lease looks whether its run has ended. Each look is a request that the
# scheduler gets from all workers that wait.
_LEASE_WAIT = 30.0


class Credentials(WorkerPlugin):
    """Brings a client's settings to all workers of a cluster, to those that come later too.

    They stay in the memory of the scheduler and the workers, so let the cluster's own connections be
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
            _CONNECTIONS.clear()


@dataclass(frozen=True)
class Reach:
    """How to reach the service and the cache from any process. No secret is in it once it travels.

    Attributes
    ----------
    settings : Mapping[str, object]
        The settings that are no secret.
    cache : str or None
        Where the cache is.
    max_bytes : int or None
        How large it may grow.
    mode : {"auto", "refresh", "only", "off"}
        How to use it.
    max_requests : int
        How many requests may be under way at once, in all processes together.
    own : Connection or None
        The connection of the process that made this; it does not travel.
    """

    settings: Mapping[str, Any]
    cache: str | None
    max_bytes: int | None
    mode: CacheMode
    max_requests: int
    own: Connection | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "own": None}

    def __dask_tokenize__(self) -> bytes:
        return pickle.dumps(self)

    def fetch(self, parts: Sequence[Part], outcomes: Outcomes, on_error: OnError = "raise") -> Iterator[PartAnswer]:
        """Ask for parts as :func:`tickframe.run.fetch.fetch` does; at the end all that is new is in the cache."""
        connection = self.own or self._connection()
        options = RunOptions(max_workers=self.max_requests)
        yield from conform(fetch(connection.answers, parts, outcomes, options, on_error))
        if connection.cache is not None:
            connection.cache.flush()

    def _connection(self) -> Connection:
        """Return the connection that all tasks of a worker share."""
        worker = _worker()
        key = (worker.id if worker is not None else None, pickle.dumps(self))
        with _LOCK:
            if key not in _CONNECTIONS:
                _CONNECTIONS[key] = self._connect(worker)
            return _CONNECTIONS[key]

    def _connect(self, worker: Worker | None) -> Connection:
        brought = _SETTINGS.get(self.settings["base_url"])
        settings = resolve_settings(**self.settings) if brought is None else replace(brought, **self.settings)
        # Without a worker it is a process of Dask's own, which no other one can agree with.
        service = Service(settings) if worker is None else _WorkerService(settings, worker, self.max_requests)
        if self.cache is None or self.mode == "off":
            return Connection(service, None)
        cache = Cache(self.cache, max_bytes=self.max_bytes)
        return Connection(CachedService(service, cache, self.mode), cache)


def reach_of(query: Query, mode: CacheMode) -> Reach:
    """Return how to reach what answers a query.

    Raises
    ------
    ValueError
        If the cache is at a place that holds a secret or that no other process knows.
    """
    settings = query._service.settings
    cache = query._cache
    most = query._options.max_workers
    return Reach(
        settings={name: getattr(settings, name) for name in _PUBLIC_SETTINGS},
        cache=cache._folder.portable_place() if cache is not None else None,
        max_bytes=cache._size.maximum if cache is not None and cache._size is not None else None,
        mode=mode,
        max_requests=most,
        own=Connection(_Bounded(query._source(mode), most), cache if mode != "off" else None),
    )


class Connection(NamedTuple):
    """What answers parts in one process, and the cache that it writes."""

    answers: Answers
    cache: Cache | None


class _Bounded:
    """Answers so many parts at once, however many threads ask."""

    def __init__(self, answers: Answers, most: int) -> None:
        self._answers = answers
        self._turns = threading.BoundedSemaphore(most)

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        with self._turns:
            return self._answers.answer(part, cancellation)

    def remark(self) -> str:
        return self._answers.remark()


class _WorkerService(Service):
    """The service for a worker: requests and pauses are those of the whole cluster."""

    def __init__(self, settings: Settings, worker: Worker, most: int) -> None:
        self._cluster_pause = _ClusterPause(worker, f"tickframe-pause-{settings.host}")
        name = f"tickframe-{settings.host}-{most}"
        self._leases = Semaphore(most, name, scheduler_rpc=worker.scheduler, loop=worker.loop)
        self._turn = threading.Lock()
        super().__init__(settings)

    def _connect(self) -> None:
        super()._connect()
        self._pause = self._cluster_pause

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Ask for a part as soon as the cluster has a lease to spare."""
        with self._lease(cancellation):
            try:
                return super().answer(part, cancellation)
            except SettingsError as error:
                raise SettingsError(
                    f"{error.message}. A worker has the account from its own environment, or from "
                    "tickframe.dask.Credentials",
                    part=str(part),
                ) from error

    @contextlib.contextmanager
    def _lease(self, cancellation: Cancellation) -> Iterator[None]:
        # The scheduler wakes all that wait for a lease whenever there is one: one thread a process is enough.
        with self._turn:
            cancellation.check()
            while not self._leases.acquire(timeout=_LEASE_WAIT):
                cancellation.check()
        try:
            yield
        finally:
            self._leases.release()


class _ClusterPause(SharedPause):
    """A pause that each worker of the cluster keeps, whichever was told to make it."""

    def __init__(self, worker: Worker, topic: str) -> None:
        super().__init__()
        self._worker = worker
        self._topic = topic
        get_client().subscribe_topic(topic, self._hear)

    def extend(self, seconds: float) -> None:
        """Let no request out before some seconds have passed, and tell the other workers."""
        super().extend(seconds)
        self._worker.log_event(self._topic, seconds)

    def _hear(self, event: tuple[float, float]) -> None:
        super().extend(event[1])


def _worker() -> Worker | None:
    """Return the worker whose task this is, None outside of a cluster."""
    try:
        return get_worker()
    except ValueError:
        return None


_LOCK = threading.Lock()
_SETTINGS: dict[str, Settings] = {}
_CONNECTIONS: dict[tuple[str | None, bytes], Connection] = {}

"""The client: settings in, queries out."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from tickframe.cache import Cache, open_cache
from tickframe.catalogue import FUNCTIONS, TickDataFlag, TickDataType
from tickframe.errors import SettingsError, TickframeWarning
from tickframe.functions import DocumentedFunctions
from tickframe.http.service import Service
from tickframe.plan.arguments import Day, TimeOfDay, check_arguments, parse_string
from tickframe.plan.part import Part, frozen, split
from tickframe.query import Query
from tickframe.run.fetch import RunOptions
from tickframe.run.progress import Progress
from tickframe.settings import Settings, resolve_settings

if TYPE_CHECKING:
    from tickframe.sandbox import Sandbox


# Names that an answer to a request without documentation uses if it is a series of ticks.
_USUAL_TIMESTAMP = ("date", "time")


class Client(DocumentedFunctions):
    """A way to the service. Its methods return queries and send nothing.

    Every setting comes from its argument, else from the environment, else from the keyring; see
    :mod:`tickframe.settings`. Safe to share between threads.

    Parameters
    ----------
    base_url
        The service's address, ``https://api.xythub.com`` by default (``TICKFRAME_URL``).
    user, password
        The account (``TICKFRAME_USER``, ``TICKFRAME_PASSWORD``).
    api_key
        Stands in for the password (``TICKFRAME_API_KEY``).
    client_secret
        The secret of the client itself (``TICKFRAME_CLIENT_SECRET``).
    token
        An access token; with it nothing else is needed (``TICKFRAME_TOKEN``).
    progress
        Whether queries show a bar on stderr, silent where that is no terminal; or an object with
        ``update`` and ``close``.
    max_workers
        How many requests of a query are under way at once.
    cache
        Where answers are kept: True for the user's cache folder of the operating system, a folder, a
        URI such as ``s3://bucket/ticks``, or a :class:`tickframe.Cache`; False for none. Left out,
        what ``TICKFRAME_CACHE`` says, where ``1`` is the user's cache folder; else none.
    **others
        ``proxies``, ``verify`` and ``cert`` as requests takes them, ``connect_timeout``,
        ``read_timeout``, ``retry_seconds``, ``path_template``, ``endpoints``, ``parameter_names``,
        ``maximum_length``, ``cache_namespace``: see :class:`tickframe.settings.Settings`.

    Raises
    ------
    ValueError
        If a setting is malformed.

    Examples
    --------
    >>> import tickframe as tf
    >>> with tf.Client.sandbox() as client:
    ...     ticks = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").to_pandas()
    >>> ticks.index.name
    'timestamp'
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        user: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        client_secret: str | None = None,
        token: str | None = None,
        progress: bool | Progress = False,
        max_workers: int = 8,
        cache: bool | str | os.PathLike[str] | Cache | None = None,
        **others: Any,
    ) -> None:
        self._settings = resolve_settings(
            base_url=base_url,
            user=user,
            password=password,
            api_key=api_key,
            client_secret=client_secret,
            token=token,
            **others,
        )
        self._service = Service(self._settings)
        self._options = RunOptions(max_workers=max_workers, progress=progress)
        self._cache = open_cache(cache)
        self._sandbox: Sandbox | None = None

    @classmethod
    def sandbox(
        cls,
        data: str | None = None,
        seed: int = 0,
        *,
        cache: bool | str | os.PathLike[str] | Cache | None = None,
        **others: Any,
    ) -> Self:
        """Return a client of a local service that needs no account and ends with the client.

        Parameters
        ----------
        data
            A folder of your own Parquet ticks, see :class:`tickframe.sandbox.Sandbox`; left out, a
            simulated market.
        seed
            What the simulated market is drawn from.
        cache
            As in :class:`Client`. Sandboxes of the same market share what is cached, others do not.
        **others
            What else :class:`Client` takes, such as ``progress`` and ``max_workers``.

        Raises
        ------
        SettingsError
            If the sandbox's requirements are not installed.
        """
        try:
            # The sandbox stands above the client, and this is the one door up to it.
            from tickframe.sandbox import Sandbox  # noqa: PLC0415
        except ImportError as error:
            raise SettingsError("the sandbox needs Starlette and uvicorn: pip install 'tickframe[sandbox]'") from error
        sandbox = Sandbox(data, seed)
        sandbox.start()
        try:
            client = cls(
                sandbox.url,
                user=sandbox.user,
                password=sandbox.password,
                client_secret=sandbox.client_secret,
                cache=cache,
                cache_namespace=sandbox.cache_namespace,
                **others,
            )
        except BaseException:
            sandbox.close()
            raise
        client._sandbox = sandbox
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Say where the client leads and as whom, without asking."""
        if self._settings.token is not None:
            who = "with a token"
        else:
            who = f"with user {self._settings.user!r}" if self._settings.user else "without an account"
        return f"<Client of {self._settings.base_url} {who}>"

    def close(self) -> None:
        """Close the connections, and the sandbox if there is one; wait until the cache is written."""
        self._service.close()
        if self._cache is not None:
            self._cache.flush()
            if remark := self._cache.remark():
                warnings.warn(remark, TickframeWarning, stacklevel=2)
        if self._sandbox is not None:
            self._sandbox.close()

    @property
    def settings(self) -> Settings:
        """The settings; their repr holds no secret."""
        return self._settings

    @property
    def cache(self) -> Cache:
        """The cache: what it holds, whether it is sound, and how to clear it.

        Raises
        ------
        SettingsError
            If the client has none.
        """
        if self._cache is None:
            raise SettingsError("this client has no cache: Client(cache=True), or a folder, or TICKFRAME_CACHE")
        return self._cache

    def check(self) -> dict[str, Any]:
        """Ask the service who one is: one round trip.

        Returns
        -------
        dict
            What the service says of the account.

        Raises
        ------
        TickframeError
            If the service cannot be reached or refuses.
        """
        return self._service.user()

    def get(self, source: str, request: str, **parameters: object) -> Query:
        """Any request by name, with any parameters; columns come as the service sends them.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        request
            The endpoint's name, such as ``"tickData"``.
        **parameters
            Strings, ints, floats, bools, dates, times, timestamps, lists of these, or mappings;
            snake_case names travel in camelCase. None counts as not given. Where the answer names a
            next page, that is read too.

        Raises
        ------
        ValueError
            If a value is of a type that cannot travel; nothing was sent.
        """
        asked = {"source": parse_string(source, "source"), **parameters}
        given = tuple((name, frozen(value)) for name, value in asked.items() if value is not None)
        part = Part(parse_string(request, "request"), request, given, paged=True)
        part.to_message(reference_id="", parameter_names={})
        return Query(self._service, [part], timestamp=_USUAL_TIMESTAMP, options=self._options, cache=self._cache)

    def _query(self, name: str, **arguments: object) -> Query:
        function = FUNCTIONS[name]
        parts = split(function, check_arguments(function, arguments))
        return Query(self._service, parts, timestamp=function.timestamp, options=self._options, cache=self._cache)


def read_ticks(
    source: str,
    symbol: str | Iterable[str],
    day: Day | tuple[Day, Day],
    *,
    data_type: TickDataType | str,
    from_time: TimeOfDay | None = None,
    to_time: TimeOfDay | None = None,
    flags: Iterable[TickDataFlag | str] | None = None,
    client: Client | None = None,
) -> pd.DataFrame:
    """Load ticks into a DataFrame in one line.

    Parameters
    ----------
    source, symbol, day, data_type, from_time, to_time, flags
        As in :meth:`Client.tick_data`.
    client
        The client to ask through; left out, one with the settings of the environment.

    Returns
    -------
    pandas.DataFrame
        As :meth:`Query.to_pandas` returns it.

    Raises
    ------
    ValueError
        If an argument is wrong; nothing was sent.
    TickframeError
        If any part is not answered whole.
    """
    with Client() if client is None else contextlib.nullcontext(client) as asked:
        query = asked.tick_data(
            source, symbol, day, data_type=data_type, from_time=from_time, to_time=to_time, flags=flags
        )
        return query.to_pandas()

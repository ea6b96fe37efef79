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
from tickframe.catalogue import TickDataFlag, TickDataType, find_function
from tickframe.errors import SettingsError, TickframeWarning
from tickframe.extras import needs_extra
from tickframe.functions import DocumentedFunctions
from tickframe.http.service import Service
from tickframe.plan.arguments import Day, TimeOfDay
from tickframe.plan.plan import Options, Plan
from tickframe.plan.request import plan_request
from tickframe.query import Query
from tickframe.redaction import without_secrets
from tickframe.run.progress import Progress
from tickframe.run.source import Source
from tickframe.settings import Settings, resolve_settings

if TYPE_CHECKING:
    from tickframe.sandbox import Sandbox


class Client(DocumentedFunctions):
    """A client of the service. Its methods return queries and send nothing.

    Every setting comes from its argument, otherwise from the environment, otherwise from the settings file or, if
    it is a secret, from the keyring; see :mod:`tickframe.settings`. Safe to share between threads.

    Parameters
    ----------
    base_url
        The address of the service, ``https://api.xythub.com`` by default (``TICKFRAME_URL``).
    user, password
        The account (``TICKFRAME_USER``, ``TICKFRAME_PASSWORD``).
    api_key
        Used in place of the password, or sent in the ``api_key_header`` (``TICKFRAME_API_KEY``).
    client_secret
        The secret of the client itself (``TICKFRAME_CLIENT_SECRET``).
    token
        An access token; no other credential is needed with it (``TICKFRAME_TOKEN``).
    progress
        Whether queries show a progress bar on stderr, in a terminal or a notebook only; or an object with
        ``update`` and ``close``.
    max_workers
        How many requests of a query are sent at once.
    cache
        Where responses are stored: True for the user's cache directory of the operating system, a directory, a
        URI such as ``s3://bucket/ticks``, or a :class:`tickframe.Cache`; False for no cache. By default
        ``TICKFRAME_CACHE`` decides, where ``1`` is the user's cache directory; without it there is no cache.
        Accounts get only responses to their own requests, unless it is a ``Cache`` with ``shared=True``.
    **others
        ``proxies``, ``verify`` and ``cert`` as in requests, ``connect_timeout``,
        ``read_timeout``, ``stall_timeout``, ``retry_seconds``, ``path_template``, ``omit_source``, ``enums``,
        ``endpoints``,
        ``parameter_names``, ``auth_url``, ``token_path``, ``user_path``, ``api_key_header``, ``maximum_length``,
        ``maximum_decoded_bytes``, ``cache_namespace``: see :class:`tickframe.settings.Settings`.

    Raises
    ------
    ValueError
        If a setting is malformed.
    SettingsError
        If the settings file holds a secret, an unknown key or a value of a wrong type.

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
        try:
            with without_secrets():
                self._settings = resolve_settings(
                    base_url=base_url,
                    user=user,
                    password=password,
                    api_key=api_key,
                    client_secret=client_secret,
                    token=token,
                    **others,
                )
        finally:
            # A crash reporter sends the local variables along with an error.
            del password, api_key, client_secret, token, others
        self._service = Service(self._settings)
        self._options = Options(max_workers=max_workers)
        self._progress = progress
        opened = open_cache(cache)
        self._cache = None if opened is None else opened.for_account(self._settings.account_digest)
        self._source = Source(self._service, self._cache)
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
        """Return a client of a local service that needs no account and is closed with the client.

        Parameters
        ----------
        data
            A directory of your own Parquet ticks, see :class:`tickframe.sandbox.Sandbox`; by default a
            simulated market.
        seed
            The seed of the simulated market.
        cache
            As in :class:`Client`. Sandboxes of the same market share cached responses, others do not.
        **others
            Other arguments of :class:`Client`, such as ``progress`` and ``max_workers``.

        Raises
        ------
        SettingsError
            If the sandbox's requirements are not installed.
        """
        with needs_extra("sandbox", "the sandbox"):
            from tickframe.sandbox import Sandbox  # noqa: PLC0415
        sandbox = Sandbox(data, seed)
        sandbox.start()
        try:
            # The settings file describes another service.
            client = cls(**sandbox.account, cache=cache, read_file=False, **others)
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
        """Return the address and the user."""
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
            if message := self._cache.pending_warning():
                warnings.warn(message, TickframeWarning, stacklevel=2)
        if self._sandbox is not None:
            self._sandbox.close()

    @property
    def settings(self) -> Settings:
        """The settings; their repr holds no secret."""
        return self._settings

    @property
    def cache(self) -> Cache:
        """The cache: to list, verify and clear what it holds.

        Raises
        ------
        SettingsError
            If the client has none.
        """
        if self._cache is None:
            raise SettingsError("this client has no cache: pass cache=True or a directory, or set TICKFRAME_CACHE")
        return self._cache

    def check(self) -> dict[str, Any]:
        """Test connection and account (one request). Transient failures are retried.

        Returns
        -------
        dict
            What the service reports about the account.

        Raises
        ------
        TickframeError
            If the service cannot be reached or refuses.
        """
        return self._service.user()

    def get(
        self, source: str, endpoint: str | None = None, *, request: str | None = None, **parameters: object
    ) -> Query:
        """Query any endpoint by name, with any parameters.

        The documented requests of the sources LC, ETF-LC and TCA (see :data:`tickframe.catalogue.REQUESTS`) are
        checked, and their responses have the documented columns. Others have the columns that they arrive with.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        endpoint
            The name of the endpoint, such as ``"tickData"`` or ``"lcGetMarketShare"``.
        request
            Another name of ``endpoint``: the service's documentation uses both.
        **parameters
            Strings, ints, floats, bools, dates, times, timestamps, lists of these, or mappings;
            snake_case names are sent in camelCase. A timestamp at midnight without a time zone is sent as a day, any
            other with its time. None is the same as omitting the parameter. If the response names a next page, that is
            read too.

        Raises
        ------
        ValueError
            If the endpoint is missing or given twice, or a value is of a type that cannot be sent; or, for a source
            with documented requests, if the endpoint is misspelt, or a parameter missing or wrong. Nothing was sent.

        Warns
        -----
        TickframeWarning
            If a source with documented requests has no such request or parameter: it is sent all the same.
        """
        if endpoint is not None and request is not None:
            raise ValueError(f"the endpoint is given twice, {endpoint!r} and request={request!r}: pass one of them")
        requested = endpoint if request is None else request
        if requested is None:
            raise ValueError("missing endpoint: pass its name, as in get('ACTIV', 'tickData', ...)")
        return self._new_query(plan_request(source, requested, parameters, self._options))

    def _query(self, name: str, **arguments: object) -> Query:
        function = find_function(name, str(arguments.get("source", "")))
        # Methods are named after documented functions.
        assert function is not None
        return self._new_query(Plan.of(function, arguments, self._options))

    def _new_query(self, plan: Plan) -> Query:
        # Raises for what cannot be sent with these settings; parts differ in symbols and days only.
        part = plan.parts[0]
        part.key(self._settings.request_format)
        self._settings.path_of(part.function, part.endpoint, part.source)
        return Query(plan, self._source, self._progress)


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
        The client to use; by default one with the settings of the environment.

    Returns
    -------
    pandas.DataFrame
        As returned by :meth:`Query.to_pandas`.

    Raises
    ------
    ValueError
        If an argument is wrong; nothing was sent.
    TickframeError
        If any part fails.
    """
    with Client() if client is None else contextlib.nullcontext(client) as used:
        query = used.tick_data(
            source, symbol, day, data_type=data_type, from_time=from_time, to_time=to_time, flags=flags
        )
        return query.to_pandas()

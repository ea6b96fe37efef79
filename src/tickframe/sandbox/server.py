"""The sandbox: a service on this machine that runs while it is open."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from types import TracebackType
from typing import Self, TypedDict

import uvicorn

from tickframe.sandbox.app import Account, application
from tickframe.sandbox.dialect import DOCUMENTED, Dialect
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.market.parquet import ParquetMarket
from tickframe.sandbox.market.simulated import SimulatedMarket
from tickframe.sandbox.tokens import Tokens

_ADDRESS = "127.0.0.1"

# When the sandbox closes, unfinished responses have this many seconds to be sent.
_SHUTDOWN_SECONDS = 2

# Long enough to read a notebook's output before running the next cell.
_KEEP_ALIVE_SECONDS = 75


class ClientArguments(TypedDict):
    """Keyword arguments with which :class:`tickframe.Client` reaches a sandbox."""

    base_url: str
    user: str
    password: str
    client_secret: str
    cache_namespace: str


class Sandbox:
    """A service on the loopback interface, with an account of its own.

    Parameters
    ----------
    data
        A folder with ``trades/*.parquet`` and ``quotes/*.parquet`` to serve as source ``LOCAL``. If
        omitted, the market is simulated, as sources ``ACTIV`` and ``SIMULATED``.
    seed
        The seed of the simulated market: one seed gives the same ticks in every process.
    port
        The TCP port; 0 for a free one.
    token_seconds
        How long a token is valid, in seconds.
    answer_delay
        Seconds to wait before sending each response with data, to imitate the latency of a real network.
    kept_bytes
        Maximum size in bytes of a cache of encoded responses, to imitate a service with a cache of its own:
        repeated requests with the same parameters are then answered from it. The least recently used
        responses are removed first; 0 disables the cache.
    dialect
        How the service wants to be asked where its documentation is silent, for example where the source travels. By
        default as a client without such settings asks.
    quote_rows
        Whether ``TRADES_AND_QUOTES`` of ``tick_data`` has a row for each trade or quote, with empty trade columns in
        the rows of quotes, as some pages of the service document it; by default it has a row for each trade.

    Attributes
    ----------
    url : str
        The base URL; empty while the sandbox is closed.
    user, password, client_secret : str
        The account; the secrets differ between sandboxes.
    cache_namespace : str
        The name of the service in a client's cache, equal for sandboxes with the same ticks.

    Raises
    ------
    ValueError
        If ``data`` does not hold the expected files.

    Examples
    --------
    >>> import tickframe as tf
    >>> with Sandbox() as sandbox, tf.Client(**sandbox.account) as client:
    ...     client.check()
    {'user': 'sandbox'}
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | None = None,
        seed: int = 0,
        *,
        port: int = 0,
        token_seconds: float = 43_199,
        answer_delay: float = 0.0,
        kept_bytes: int = 0,
        dialect: Dialect = DOCUMENTED,
        quote_rows: bool = False,
    ) -> None:
        self.user = "sandbox"
        self.password = secrets.token_urlsafe(16)
        self.client_secret = secrets.token_urlsafe(16)
        self.url = ""
        self._port = port
        self._market: Market = SimulatedMarket(seed) if data is None else ParquetMarket(data)
        rows = ", quote rows" if quote_rows else ""
        self.cache_namespace = f"tickframe sandbox, {self._market.fingerprint}{rows}"
        self._tokens = Tokens(token_seconds)
        self._app = application(
            self._market,
            Account(self.user, self.password, self.client_secret),
            self._tokens,
            answer_delay=answer_delay,
            kept_bytes=kept_bytes,
            dialect=dialect,
            quote_rows=quote_rows,
        )
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        where = f"at {self.url}" if self.url else "closed"
        return f"<Sandbox of {', '.join(self._market.sources)} {where}>"

    @property
    def account(self) -> ClientArguments:
        """Keyword arguments for :class:`tickframe.Client`: ``Client(**sandbox.account, cache=True)``.

        Raises
        ------
        RuntimeError
            If the sandbox is closed: without its address a client would send the account elsewhere.
        """
        if not self.url:
            raise RuntimeError("the sandbox is closed and has no address: call start() first")
        return {
            "base_url": self.url,
            "user": self.user,
            "password": self.password,
            "client_secret": self.client_secret,
            "cache_namespace": self.cache_namespace,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start serving, and return when the service is ready. Does nothing if it is already serving.

        Raises
        ------
        OSError
            If the port is in use.
        RuntimeError
            If the server stopped before it was ready.
        """
        if self._thread is not None:
            return
        listener = socket.create_server((_ADDRESS, self._port))
        # Connections inherit this option. Without it, the body of a small response waits 40 ms until its headers,
        # which are sent before it, are acknowledged.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            self._app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="tickframe-sandbox", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()
        if not self._server.started:
            self.close()
            listener.close()
            raise RuntimeError(f"the sandbox could not start on {_ADDRESS}: see the log of uvicorn for the reason")
        self.url = f"http://{_ADDRESS}:{listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop serving, and wait until the thread has ended and the socket is closed."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None
        self.url = ""

    def revoke_tokens(self) -> None:
        """Revoke all tokens that were issued: requests with them are answered with 401."""
        self._tokens.revoke_all()


class _Server(uvicorn.Server):
    """A server with an event that is set when it serves, or when it has failed to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.ready.set()

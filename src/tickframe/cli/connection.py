"""Options that select the service, and the client that they open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from tickframe.cli.console import print_message
from tickframe.client import Client

# Secrets are never options: other users of a machine can read a command's arguments.
_PANEL = "Connection (secrets are read from the environment or the keyring)"

UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="URL of the service. Defaults to TICKFRAME_URL.", rich_help_panel=_PANEL),
]
UserOption = Annotated[
    str | None, typer.Option("--user", help="User name. Defaults to TICKFRAME_USER.", rich_help_panel=_PANEL)
]
SandboxOption = Annotated[
    bool,
    typer.Option(
        "--sandbox", help="Use a simulated service on this machine; needs no account.", rich_help_panel=_PANEL
    ),
]


@contextmanager
def connect(url: str | None, user: str | None, *, sandbox: bool, progress: bool = False) -> Iterator[Client]:
    """Open a client, and close it at the end.

    Parameters
    ----------
    url, user
        Address of the service and user name; None for those of the environment.
    sandbox
        Whether to connect to a local sandbox, which runs as long as the client is open.
    progress
        Whether queries show a progress bar on stderr.

    Raises
    ------
    typer.BadParameter
        If ``sandbox`` is combined with an address or a user name.
    """
    if sandbox and (url is not None or user is not None):
        raise typer.BadParameter("--sandbox cannot be combined with --url or --user")
    with (
        Client.sandbox(progress=progress) if sandbox else Client(url, user=user, progress=progress) as client,
        _retries_on_stderr(),
    ):
        yield client


@contextmanager
def _retries_on_stderr() -> Iterator[None]:
    """Print the log messages about retries: a wait without one looks like a hang."""
    logger = logging.getLogger("tickframe")
    handler = _PrintOnce()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _PrintOnce(logging.Handler):
    """Prints each message once, even if it concerns many parts."""

    def __init__(self) -> None:
        super().__init__()
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message on stderr unless it was printed before."""
        message = record.getMessage()
        if message not in self._printed:
            self._printed.add(message)
            print_message(message)

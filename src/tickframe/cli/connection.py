"""The options that say which service to ask, and the client they lead to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from tickframe.cli.console import printable, say
from tickframe.client import Client

# Secrets are never options: other users of a machine can read a command's arguments.
_PANEL = "Connection (secrets come from the environment or the keyring)"

UrlOption = Annotated[
    str | None, typer.Option("--url", help="The service's address; left out, TICKFRAME_URL.", rich_help_panel=_PANEL)
]
UserOption = Annotated[
    str | None, typer.Option("--user", help="The account; left out, TICKFRAME_USER.", rich_help_panel=_PANEL)
]
SandboxOption = Annotated[
    bool,
    typer.Option("--sandbox", help="Ask a simulated service on this machine: no account.", rich_help_panel=_PANEL),
]


@contextmanager
def connect(url: str | None, user: str | None, *, sandbox: bool, progress: bool = False) -> Iterator[Client]:
    """Open the client that the options name, and close it at the end.

    Parameters
    ----------
    url, user
        Where the service is and who asks; None leaves it to the environment.
    sandbox
        Whether to ask a local sandbox, which lives as long as the client.
    progress
        Whether queries show a bar on stderr.

    Raises
    ------
    typer.BadParameter
        If a sandbox is asked for together with an address or an account.
    """
    if sandbox and (url is not None or user is not None):
        raise typer.BadParameter("--sandbox has an address and an account of its own: leave out --url and --user")
    with (
        Client.sandbox(progress=progress) if sandbox else Client(url, user=user, progress=progress) as client,
        _saying_what_is_asked_again(),
    ):
        yield client


@contextmanager
def _saying_what_is_asked_again() -> Iterator[None]:
    """Say once of each passing failure that it is asked again: else a wait looks like a standstill."""
    logger = logging.getLogger("tickframe")
    handler = _SayOnce(logging.INFO)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _SayOnce(logging.Handler):
    """Says each message once, however many parts it is about."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Say a message that was not said before."""
        message = printable(record.getMessage())
        if message not in self._said:
            self._said.add(message)
            say(message)

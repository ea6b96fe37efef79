"""``tickframe sandbox``: a service on this machine for as long as the command runs."""

from __future__ import annotations

import shlex
import threading
from pathlib import Path
from typing import Annotated

import typer

from tickframe.cli.failures import DebugOption, failures_in_one_line
from tickframe.cli.results import say
from tickframe.errors import SettingsError

__all__ = ["sandbox"]


def sandbox(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Serve your own ticks from here (trades/*.parquet, quotes/*.parquet) instead of a simulated market.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which simulated market.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port on 127.0.0.1; 0 takes a free one.")] = 0,
    debug: DebugOption = False,
) -> None:
    """Serve simulated ticks on this machine until Ctrl-C, and print the environment that leads there."""
    with failures_in_one_line(debug=debug):
        try:
            # The sandbox has requirements of its own, which the other commands do not need.
            from tickframe.sandbox import Sandbox  # noqa: PLC0415
        except ImportError as error:
            raise SettingsError(f"the sandbox is not installed ({error}): pip install 'tickframe[sandbox]'") from error
        service = Sandbox(data, seed, port=port)
        try:
            service.start()
        except OSError as error:
            raise SettingsError(
                f"port {port} of 127.0.0.1 is not to be had ({error.strerror}): name another, or leave out --port"
            ) from error
        try:
            say(f"serving at {service.url} until Ctrl-C; for another terminal:")
            _print_environment(service.url, service.user, service.password, service.client_secret)
            _wait_for_interrupt()
        finally:
            service.close()


def _print_environment(url: str, user: str, password: str, client_secret: str) -> None:
    """Print lines for a shell. Its account is of this sandbox alone, so that it can be shown."""
    environment = {
        "TICKFRAME_URL": url,
        "TICKFRAME_USER": user,
        "TICKFRAME_PASSWORD": password,
        "TICKFRAME_CLIENT_SECRET": client_secret,
    }
    for name, value in environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _wait_for_interrupt() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("closed")

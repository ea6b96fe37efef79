"""``tickframe sandbox``: a service on this machine for as long as the command runs."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tickframe.cli.console import JsonOption, print_json, say
from tickframe.cli.error_reporting import DebugOption, failures_in_one_line
from tickframe.cli.exit_codes import examples
from tickframe.errors import SettingsError
from tickframe.extras import needs_extra

EPILOG = examples(
    "tickframe sandbox",
    "tickframe sandbox --data my-ticks/ --port 8080",
    "tickframe sandbox --json | jq .TICKFRAME_URL",
)


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
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Serve simulated ticks on this machine until Ctrl-C, and print the environment that leads there."""
    with failures_in_one_line(debug=debug):
        with needs_extra("sandbox", "tickframe sandbox"):
            from tickframe.sandbox import Sandbox  # noqa: PLC0415
        service = Sandbox(data, seed, port=port)
        try:
            service.start()
        except OSError as error:
            raise SettingsError(
                f"port {port} of 127.0.0.1 is not to be had ({error.strerror}): name another, or leave out --port"
            ) from error
        try:
            say(f"serving at {service.url} until Ctrl-C; for another terminal:")
            environment = {
                "TICKFRAME_URL": service.url,
                "TICKFRAME_USER": service.user,
                "TICKFRAME_PASSWORD": service.password,
                "TICKFRAME_CLIENT_SECRET": service.client_secret,
            }
            _print_environment(environment, as_json=as_json)
            _wait_for_interrupt()
        finally:
            service.close()


def _print_environment(environment: Mapping[str, str], *, as_json: bool) -> None:
    """Print lines for a shell. Its account is of this sandbox alone, so that it can be shown."""
    if as_json:
        print_json(environment)
        return
    for name, value in environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _wait_for_interrupt() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("closed")

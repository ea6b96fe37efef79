"""``tickframe sandbox``: a local service that runs as long as the command."""

from __future__ import annotations

import contextlib
import shlex
import threading
from pathlib import Path
from typing import Annotated

import typer

from tickframe.cli.console import JsonOption, print_json, print_message
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.help import epilog
from tickframe.errors import SettingsError
from tickframe.extras import needs_extra

EPILOG = epilog(
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
            metavar="DIR",
            help="Serve the ticks in DIR/trades/*.parquet and DIR/quotes/*.parquet. By default, they are simulated.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated market.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 for any free port.")] = 0,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run a local service with simulated ticks until Ctrl-C.

    Prints the environment variables that connect other commands to it.
    """
    with report_errors(debug=debug):
        with needs_extra("sandbox", "tickframe sandbox"):
            from tickframe.sandbox import Sandbox  # noqa: PLC0415
        with contextlib.closing(Sandbox(data, seed, port=port)) as service:
            try:
                service.start()
            except OSError as error:
                raise SettingsError(f"cannot bind 127.0.0.1:{port}: choose another --port, or omit it") from error
            print_message(f"serving at {service.url} (press Ctrl-C to stop); in another terminal, run:")
            # The account exists only as long as this sandbox, so its secrets can be shown.
            environment = {
                "TICKFRAME_URL": service.url,
                "TICKFRAME_USER": service.user,
                "TICKFRAME_PASSWORD": service.password,
                "TICKFRAME_CLIENT_SECRET": service.client_secret,
            }
            if as_json:
                print_json(environment)
            else:
                for name, value in environment.items():
                    typer.echo(f"export {name}={shlex.quote(value)}")
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
            print_message("stopped")

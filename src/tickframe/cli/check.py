"""``tickframe check``: what is reached, as whom, and with which versions."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version

from google.protobuf.internal import api_implementation

from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import JsonOption, print_json, print_table
from tickframe.cli.error_reporting import DebugOption, failures_in_one_line
from tickframe.cli.exit_codes import examples
from tickframe.wire.kernel import kernel

EPILOG = examples(
    "tickframe check",
    "tickframe check --sandbox",
    "tickframe check --json | jq .versions",
)


def check(
    *,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Ask the service who you are: one round trip that shows whether the account works."""
    with failures_in_one_line(debug=debug), connect(url, user, sandbox=sandbox) as client:
        started = time.monotonic()
        account = client.check()
        seconds = round(time.monotonic() - started, 3)
        reached = {"url": client.settings.base_url, "account": account, "seconds": seconds}
        if as_json:
            print_json({**reached, "versions": _versions()})
        else:
            accounts = {f"account: {name}": value for name, value in account.items()}
            shown = {"url": reached["url"], **accounts, "seconds": seconds, **_versions()}
            print_table(["what", "value"], [(name, str(value)) for name, value in shown.items()])


def _versions() -> dict[str, str]:
    """Return what answers most questions about a report of a problem."""
    return {
        "tickframe": version("tickframe"),
        "kernel": "compiled" if kernel is not None else "not compiled: the official parser decodes, more slowly",
        "protobuf": version("protobuf"),
        "protobuf_implementation": api_implementation.Type(),
        "pyarrow": version("pyarrow"),
        "pandas": version("pandas"),
        "python": platform.python_version(),
    }

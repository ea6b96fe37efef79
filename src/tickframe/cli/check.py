"""``tickframe check``: a connection test, with the account and the versions in use."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version

from google.protobuf.internal import api_implementation

from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import JsonOption, print_json, print_table
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.help import epilog
from tickframe.wire.kernel import kernel

EPILOG = epilog("tickframe check", "tickframe check --sandbox", "tickframe check --json | jq .versions")


def check(
    *,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Test the connection and the account with one request."""
    with report_errors(debug=debug), connect(url, user, sandbox=sandbox) as client:
        started = time.monotonic()
        account = client.check()
        seconds = round(time.monotonic() - started, 3)
        address, versions = client.settings.base_url, _versions()
        if as_json:
            print_json({"url": address, "account": account, "seconds": seconds, "versions": versions})
        else:
            accounts = {f"account: {name}": value for name, value in account.items()}
            shown = {"url": address, **accounts, "seconds": seconds, **versions}
            print_table(["name", "value"], [(name, str(value)) for name, value in shown.items()])


def _versions() -> dict[str, str]:
    """Return the versions to quote in a bug report."""
    return {
        "tickframe": version("tickframe"),
        "kernel": "compiled" if kernel is not None else "not compiled: the official parser decodes, more slowly",
        "protobuf": version("protobuf"),
        "protobuf_implementation": api_implementation.Type(),
        "pyarrow": version("pyarrow"),
        "pandas": version("pandas"),
        "python": platform.python_version(),
    }

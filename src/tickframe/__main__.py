"""Entry point of the ``tickframe`` command and of ``python -m tickframe``."""

import sys

from tickframe.errors import SettingsError
from tickframe.extras import needs_extra


def main() -> None:
    """Run the command line; without the ``cli`` extra, report what to install and exit with 2."""
    try:
        with needs_extra("cli", "the command line"):
            from tickframe.cli.app import app  # noqa: PLC0415
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    app(prog_name="tickframe")


if __name__ == "__main__":
    main()

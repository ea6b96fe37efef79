"""The command ``tickframe``, also as ``python -m tickframe``."""

import sys

_REQUIREMENTS = ("typer", "rich")


def main() -> None:
    """Run the command line; without its requirements, say how to install them and exit with 2."""
    try:
        # The package works without the command line's requirements.
        from tickframe.cli.app import app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in _REQUIREMENTS:
            raise
        sys.stderr.write(f"tickframe: the command line needs {error.name}: pip install 'tickframe[cli]'\n")
        sys.exit(2)
    app(prog_name="tickframe")


if __name__ == "__main__":
    main()

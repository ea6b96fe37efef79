"""Errors and warnings as one line each on stderr."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer

from tickframe.errors import TickframeError, TickframeWarning

__all__ = ["DebugOption", "failures_in_one_line"]

DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

_show_as_python_does = warnings.showwarning


@contextmanager
def failures_in_one_line(*, debug: bool) -> Iterator[None]:
    """Say what goes wrong inside in one line on stderr, and exit with 1 after an error.

    Parameters
    ----------
    debug
        Whether errors pass as they are, for Python to show their traceback.

    Raises
    ------
    typer.Exit
        After an error of the service, of an argument, or of a file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", TickframeWarning)
        warnings.showwarning = _show
        try:
            yield
        except BrokenPipeError:
            # Whoever read the results has read enough, as in `tickframe lookup symbols | head`.
            raise
        except (TickframeError, ValueError, OSError) as error:
            if debug:
                raise
            typer.secho(f"error: {_in_one_line(error)}", fg=typer.colors.RED, err=True)
            raise typer.Exit(1) from None


def _show(  # noqa: PLR0917 - the signature is Python's
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, TickframeWarning):
        typer.secho(f"warning: {_in_one_line(message)}", fg=typer.colors.YELLOW, err=True)
    else:
        _show_as_python_does(message, category, filename, lineno, file, line)


def _in_one_line(message: object) -> str:
    """Join the lines of a message: the service's own words can hold several."""
    return " ".join(str(message).split())

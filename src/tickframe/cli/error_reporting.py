"""Errors and warnings as one line each on stderr, and the exit code that goes with them."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import pyarrow as pa
import typer

from tickframe.cli.console import printable, say
from tickframe.cli.exit_codes import ExitCode
from tickframe.errors import SettingsError, TickframeError, TickframeWarning

DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

_NEXT_STEPS = {
    errno.ENOSPC: "make room or write elsewhere, and run it again",
    errno.EDQUOT: "make room or write elsewhere, and run it again",
    errno.EACCES: "ask for the right to write there, or write elsewhere",
    errno.EROFS: "write elsewhere",
}

_show_as_python_does = warnings.showwarning


@contextmanager
def failures_in_one_line(*, debug: bool) -> Iterator[None]:
    """Say what goes wrong inside in one line on stderr, and exit with the code that stands for it.

    Parameters
    ----------
    debug
        Whether to show Python's traceback in place of the line.

    Raises
    ------
    typer.Exit
        After an error of the service, of an argument or of a file, after Ctrl-C, and when nobody
        reads stdout any more.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", TickframeWarning)
        warnings.showwarning = _show
        try:
            yield
            # What a buffer still holds can fail too.
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read the results has read enough, as in `tickframe lookup symbols | head`.
            _flush_or_let_go()
            raise typer.Exit(ExitCode.NOBODY_READS) from None
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (TickframeError, ValueError, OSError, pa.ArrowException) as error:
            if debug:
                traceback.print_exc()
            else:
                typer.secho(f"error: {printable(_in_words(error))}", fg=typer.colors.RED, err=True)
            _flush_or_let_go()
            raise typer.Exit(_exit_code(error)) from None


def _exit_code(error: Exception) -> ExitCode:
    """Tell what the caller can mend from what fails by itself."""
    # Arrow's errors of data are ValueErrors too.
    is_usage = isinstance(error, SettingsError | ValueError) and not isinstance(error, pa.ArrowException)
    return ExitCode.WRONG_USAGE if is_usage else ExitCode.FAILED


def _in_words(error: Exception) -> str:
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    words = f"{error.filename or 'the output'} failed: {os.strerror(error.errno)}"
    return f"{words}: {_NEXT_STEPS[error.errno]}" if error.errno in _NEXT_STEPS else words


def _flush_or_let_go() -> None:
    """Let what stdout cannot take go nowhere: Python would fail on it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123, a device
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _show(  # noqa: PLR0917 - the signature is Python's
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, TickframeWarning):
        typer.secho(f"warning: {printable(str(message))}", fg=typer.colors.YELLOW, err=True)
    else:
        _show_as_python_does(message, category, filename, lineno, file, line)

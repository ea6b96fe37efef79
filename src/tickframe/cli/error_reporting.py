"""Errors and warnings on stderr, one line each, and the exit code of an error."""

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

from tickframe.cli.console import print_message
from tickframe.cli.exit_codes import ExitCode
from tickframe.errors import SettingsError, TickframeError, TickframeWarning
from tickframe.printable import printable

DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]

_NEXT_STEPS = {
    errno.ENOSPC: "free up space or write elsewhere, then try again",
    errno.EDQUOT: "free up space or write elsewhere, then try again",
    errno.EACCES: "check its permissions or write elsewhere",
    errno.EROFS: "write elsewhere",
}

_default_showwarning = warnings.showwarning


@contextmanager
def report_errors(*, debug: bool) -> Iterator[None]:
    """Print an error of the body as one line on stderr, and exit with its code.

    Parameters
    ----------
    debug
        Whether to print the traceback instead of the line.

    Raises
    ------
    typer.Exit
        After an error of the service, an argument or a file, after Ctrl-C, and if the reader of
        stdout has closed it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", TickframeWarning)
        warnings.showwarning = _show_warning
        try:
            yield
            # Writing what is still buffered can fail too.
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has all it wants, as in `tickframe lookup symbols | head`.
            _flush_or_discard()
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None
        except KeyboardInterrupt:
            print_message("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (TickframeError, ValueError, OSError, pa.ArrowException) as error:
            if debug:
                traceback.print_exc()
            else:
                typer.secho(f"error: {printable(_message(error))}", fg=typer.colors.RED, err=True)
            _flush_or_discard()
            raise typer.Exit(_exit_code(error)) from None


def _exit_code(error: Exception) -> ExitCode:
    # Arrow's errors about data are ValueErrors too.
    is_usage = isinstance(error, SettingsError | ValueError) and not isinstance(error, pa.ArrowException)
    return ExitCode.USAGE_ERROR if is_usage else ExitCode.FAILURE


def _message(error: Exception) -> str:
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    message = f"{error.filename or 'cannot write the output'}: {os.strerror(error.errno)}"
    return f"{message}; {_NEXT_STEPS[error.errno]}" if error.errno in _NEXT_STEPS else message


def _flush_or_discard() -> None:
    """Discard what stdout cannot take: Python would flush it at exit and fail again."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError), open(os.devnull, "wb") as devnull:  # noqa: PTH123, a device
            os.dup2(devnull.fileno(), sys.stdout.fileno())


def _show_warning(  # noqa: PLR0917 - the signature of warnings.showwarning
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
        _default_showwarning(message, category, filename, lineno, file, line)

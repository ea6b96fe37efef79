"""The exit codes of every command, and how the help tells them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from the end of a command."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    PARTS_FAILED = 3
    INTERRUPTED = 130
    # What a shell says of programs that SIGPIPE ends, so that scripts know it already.
    NOBODY_READS = 141


_MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "the service, its data or a file failed",
    ExitCode.WRONG_USAGE: "wrong usage: an argument, an option or a setting",
    ExitCode.PARTS_FAILED: "parts failed, the others are there (--on-error collect)",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.NOBODY_READS: "whoever read the output closed it",
}

EXIT_CODES = f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in _MEANINGS.items())}."


def examples(*commands: str) -> str:
    """Return what stands at the end of a command's help: how people call it.

    Each is a paragraph, since some versions of typer join the lines of one.
    """
    return "\n\n".join(["Examples", *commands])

"""Exit codes of every command."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """Exit code of a command, with the description that the help shows."""

    description: str

    SUCCESS = 0, "success"
    FAILURE = 1, "error from the service, its data or a file"
    USAGE_ERROR = 2, "invalid argument, option or setting"
    PARTS_FAILED = 3, "some parts failed (--on-error collect)"
    INTERRUPTED = 130, "interrupted (Ctrl-C)"
    # What a shell reports for a program that SIGPIPE ended.
    BROKEN_PIPE = 141, "broken pipe (the reader of stdout closed it)"

    def __new__(cls, code: int, description: str) -> Self:
        """Make a member from its code and description."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.description = description
        return member

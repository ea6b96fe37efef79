"""Local files that appear whole.

In a directory that others can write to, a link in the place of an unfinished file would be followed to a file of
theirs or of this user. So an unfinished file has a name that nobody can guess, and is created, never opened.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = ".tmp"


def unfinished_name(name: str) -> str:
    """Return a name, new each time, for a file that will be renamed to another; it begins with a dot."""
    # Readers of datasets ignore such names.
    return f".{name[:100]}.{os.getpid()}-{secrets.token_hex(16)}{_UNFINISHED}"


def is_unfinished_name(name: str) -> bool:
    """Return whether a name is one of :func:`unfinished_name`."""
    return name.startswith(".") and name.endswith(_UNFINISHED)


def create_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Create a file and open it for writing.

    Raises
    ------
    FileExistsError
        If there is a file, or a link, which is not followed.
    OSError
        If it cannot be created.
    """
    return Path(path).open("xb")


@contextlib.contextmanager
def replaced_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears at the end of the body, in place of an existing file or link.

    Raises
    ------
    OSError
        If it cannot be written. No part of it remains.
    """
    unfinished = path.with_name(unfinished_name(path.name))
    try:
        with create_file(unfinished) as file:
            yield file
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise

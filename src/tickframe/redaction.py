"""Errors without secrets: neither in their texts nor in the local variables that a crash reporter sends along."""

from __future__ import annotations

import contextlib
import re
import sys
import traceback
from collections.abc import Iterator

_MASK = "***"
# A user and a password, as in the address of a proxy. A password may contain any character, even those that end it.
_CREDENTIALS = re.compile(r"(?<=//).*@|\S+:\S*@", re.DOTALL)


@contextlib.contextmanager
def without_secrets() -> Iterator[None]:
    """Remove the secrets from an error of the body; see :func:`remove_secrets`."""
    handled = sys.exception()
    try:
        yield
    except BaseException as error:
        remove_secrets(error, handled)
        raise


def remove_secrets(error: BaseException, handled: BaseException | None = None) -> None:
    """Remove secrets from an error and its causes.

    The local variables of calls that have ended are cleared: headers, passwords and requests of libraries are among
    them. Users and passwords in texts are masked.

    Parameters
    ----------
    error
        The error.
    handled
        The error that was being handled when the body began, which is not touched.
    """
    untouched = {id(each) for each in _causes(handled)}
    for each in _causes(error):
        if id(each) not in untouched:
            traceback.clear_frames(each.__traceback__)
            _mask(each)


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error and all others that it was raised from, or in the handling of."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in found:
            found[id(each)] = each
            waiting += [each.__cause__, each.__context__, *(arg for arg in each.args if isinstance(arg, BaseException))]
    return list(found.values())


def _mask(error: BaseException) -> None:
    if isinstance(error, UnicodeError):
        # It holds the whole text that could not be encoded, such as a password.
        error.args = tuple(_MASK if isinstance(each, str | bytes) else each for each in error.args)
        if isinstance(error, UnicodeEncodeError):
            error.object = _MASK
        return
    masked = tuple(_masked(each) for each in error.args)
    if masked != error.args:
        error.args = masked
    for name, value in vars(error).items():
        if _masked(value) is not value:
            setattr(error, name, _masked(value))


def _masked(value: object) -> object:
    return _CREDENTIALS.sub(f"{_MASK}@", value) if isinstance(value, str) and "@" in value else value

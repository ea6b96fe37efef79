"""Optional dependencies: what to say where one is not installed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tickframe.errors import SettingsError


@contextlib.contextmanager
def needs_extra(extra: str, feature: str) -> Iterator[None]:
    """Name the extra to install if an import in the body fails.

    Parameters
    ----------
    extra
        The extra, such as ``"polars"``.
    feature
        What needs it, such as ``"to_polars()"``.

    Raises
    ------
    SettingsError
        If an import in the body fails.
    """
    try:
        yield
    except ImportError as error:
        raise SettingsError(f"{feature} needs an extra: pip install 'tickframe[{extra}]'") from error

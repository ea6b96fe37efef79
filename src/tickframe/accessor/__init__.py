"""``df.ticks``: what is written again and again over the frames of ``Query.to_pandas()``.

``import tickframe`` registers it with pandas; :class:`TickAccessor` is the same by name, for type checkers.
"""

from __future__ import annotations

import pandas as pd

from tickframe.accessor.ticks import TickAccessor

__all__ = ["TickAccessor"]

_NAME = "ticks"


def _register() -> None:
    """Register the accessor; what another package has registered under its name is pandas' to warn of."""
    registered = getattr(pd.DataFrame, _NAME, None)
    if getattr(registered, "__module__", None) == TickAccessor.__module__:
        # Ours, of an earlier import: a notebook that reloads the package gets no warning.
        delattr(pd.DataFrame, _NAME)
    pd.api.extensions.register_dataframe_accessor(_NAME)(TickAccessor)


_register()

"""The ``df.ticks`` accessor: bars, averages, spreads, as-of joins and plots of the frames of ``Query.to_pandas()``.

``import tickframe`` registers it with pandas. :class:`TickAccessor` is its type.
"""

from __future__ import annotations

import pandas as pd

from tickframe.accessor.ticks import TickAccessor

__all__ = ["TickAccessor"]

_NAME = "ticks"


def _register() -> None:
    """Register the accessor; pandas warns if it replaces that of another package."""
    registered = getattr(pd.DataFrame, _NAME, None)
    if getattr(registered, "__module__", None) == TickAccessor.__module__:
        # Registered before the package was reloaded, as in a notebook: pandas need not warn.
        delattr(pd.DataFrame, _NAME)
    pd.api.extensions.register_dataframe_accessor(_NAME)(TickAccessor)


_register()

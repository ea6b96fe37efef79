"""The demo's picture, as a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tickframe.accessor.plot import draw

# Sharp on a dense screen, readable at half of that.
_DOTS_PER_INCH = 200


def draw_day(trades: pd.DataFrame, quotes: pd.DataFrame, *, title: str, currency: str, path: Path) -> None:
    """Draw trades and quotes of one symbol and one day into a PNG.

    Parameters
    ----------
    trades, quotes
        As ``Query.to_pandas()`` returns them.
    title
        What stands above.
    currency
        The unit of prices.
    path
        The file; one that is there already is replaced.
    """
    draw(trades, quotes, title=title, currency=currency).savefig(path, dpi=_DOTS_PER_INCH)

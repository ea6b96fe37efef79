"""Tick rules: the price grid of an exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tickframe.sandbox.market.arrays import Floats, Integers


class TickRule(NamedTuple):
    """The price grid of an exchange.

    A *position* numbers the prices of the grid from 0. Position 1 is the lowest price above zero, and
    neighbouring prices are one position apart, whatever the tick size is there.

    Attributes
    ----------
    symbol
        The rule's name.
    denominator
        How many units make 1 of the currency. Bounds and tick sizes are whole units.
    bands
        Lower bound and tick size of each band, from 0 up. A bound is on the grid of the bands on both sides.
    """

    symbol: str
    denominator: int
    bands: Sequence[tuple[int, int]]

    def position(self, price: npt.ArrayLike) -> Floats:
        """Return the positions of prices; those between two prices of the grid have a fraction."""
        lower, size, start = self._bands()
        units = np.asarray(price, dtype=np.float64) * self.denominator
        band = np.searchsorted(lower, units, side="right") - 1
        positions: Floats = start[band] + (units - lower[band]) / size[band]
        return positions

    def nearest(self, price: npt.ArrayLike) -> Integers:
        """Return the positions nearest to prices, at least 1."""
        return whole(self.position(price))

    def price(self, position: Integers) -> Floats:
        """Return the prices at positions."""
        lower, size, start = self._bands()
        band = np.searchsorted(start, position, side="right") - 1
        # Integers up to the only division give the double that is nearest to the decimal price.
        prices: Floats = (lower[band] + (position - start[band]) * size[band]) / self.denominator
        return prices

    def lower_bounds(self) -> Floats:
        """Return the lowest price of each band."""
        return self._bands()[0] / self.denominator

    def tick_sizes(self) -> Floats:
        """Return the tick size of each band."""
        return self._bands()[1] / self.denominator

    def _bands(self) -> tuple[Integers, Integers, Integers]:
        """Return lower bounds and tick sizes in units, and the positions of the lower bounds."""
        lower, size = np.array(self.bands, dtype=np.int64).T
        start = np.concatenate(([0], np.cumsum(np.diff(lower) // size[:-1])))
        return lower, size, start


def whole(numbers: Floats) -> Integers:
    """Round numbers to the nearest integers, at least 1."""
    return np.maximum(np.rint(numbers), 1).astype(np.int64)

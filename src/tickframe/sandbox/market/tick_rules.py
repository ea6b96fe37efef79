"""The steps in which prices move, by the price itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


class TickRule(NamedTuple):
    """The grid of an instrument's prices.

    A *position* counts the grid's prices from 0 on: the price of position 1 is the lowest above zero, and
    neighbours on the grid are one position apart whatever the step there is.

    Attributes
    ----------
    symbol
        The rule's name.
    denominator
        How many units make 1 of the currency; bounds and steps are whole units.
    bands
        Lower bound and step of each band, from 0 on. A bound is on the grid of the bands on both its sides.
    """

    symbol: str
    denominator: int
    bands: tuple[tuple[int, int], ...]

    def position(self, price: Any) -> _Floats:
        """Return where prices are on the grid, fractions between its prices included."""
        lower, step, start = self._bands()
        units = np.asarray(price, dtype=np.float64) * self.denominator
        band = np.searchsorted(lower, units, side="right") - 1
        positions: _Floats = start[band] + (units - lower[band]) / step[band]
        return positions

    def nearest(self, price: Any) -> _Integers:
        """Return the positions nearest to prices, from 1 on."""
        return np.maximum(np.rint(self.position(price)), 1).astype(np.int64)

    def price(self, position: _Integers) -> _Floats:
        """Return the prices at positions."""
        lower, step, start = self._bands()
        band = np.searchsorted(start, position, side="right") - 1
        # Whole numbers until the one division: the double nearest to the decimal price.
        prices: _Floats = (lower[band] + (position - start[band]) * step[band]) / self.denominator
        return prices

    def lower_bounds(self) -> _Floats:
        """Return the price from which each band holds."""
        return self._bands()[0] / self.denominator

    def tick_sizes(self) -> _Floats:
        """Return the step of each band."""
        return self._bands()[1] / self.denominator

    def _bands(self) -> tuple[_Integers, _Integers, _Integers]:
        """Return the bounds, the steps, and the positions of the bounds."""
        lower, step = np.array(self.bands, dtype=np.int64).T
        start = np.concatenate(([0], np.cumsum(np.diff(lower) // step[:-1])))
        return lower, step, start


_RULES = (
    TickRule("MIFID-EUR", 1000, ((0, 1), (20_000, 5), (50_000, 10), (100_000, 20), (200_000, 100), (1_000_000, 500))),
    TickRule("MIFID-GBX", 100, ((0, 1), (5_000, 5), (20_000, 10), (100_000, 20), (200_000, 50), (500_000, 100))),
    TickRule("REG-NMS", 10_000, ((0, 1), (10_000, 100))),
    TickRule("TSE-TOPIX", 10, ((0, 1), (10_000, 5), (30_000, 10), (100_000, 50), (300_000, 100))),
    TickRule("OPRA", 100, ((0, 1), (300, 5))),
    TickRule("NYMEX-CL", 100, ((0, 1),)),
    TickRule("EUREX-FDAX", 10, ((0, 5),)),
)

#: The rules by their names.
TICK_RULES: Mapping[str, TickRule] = MappingProxyType({rule.symbol: rule for rule in _RULES})

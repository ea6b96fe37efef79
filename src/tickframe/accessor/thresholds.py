"""Thresholds of volume and dollar bars: exact sums, and how many times they reach a threshold.

A float means the shortest decimal that reads as it, the one that is printed: ten times 0.1 is 1. Sums are those of
integers, so they depend neither on rounding nor on the number of trades.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tickframe.accessor.trades import group_ends

# At most 15 digits: no other decimal of 15 digits reads as the same float, and 10**15 is exact as a float.
_DIGITS = 15
_MAX_INT64 = 2**63 - 1
# Far enough below 2**63 for a check of the sum in floating point.
_MAX_SUM = 2**62
# More digits than a float has.
_EXACT = Context(prec=20)


def exact_number(number: float | np.number[Any]) -> Fraction:
    """Return the decimal that is printed for a number."""
    return Fraction(str(number))


def exact_turnover(prices: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], Fraction]:
    """Return price times size of each trade, exactly.

    Parameters
    ----------
    prices
        Finite prices of at least 0.
    sizes
        Sizes.

    Returns
    -------
    amounts : numpy.ndarray
        Turnover in units: int64 if the sum of any of them is below 2**63, else Python integers.
    unit : Fraction
        A unit, in the currency of the prices.
    """
    decimals = _common_decimals(prices)
    if decimals is not None:
        units = np.rint(prices * 10.0**decimals)
        if (units * sizes).sum() < _MAX_SUM:
            return units.astype(np.int64) * sizes, Fraction(1, 10**decimals)
    # Every price has at most 17 digits, so this many decimals are enough for the smallest, and so for all.
    places = 16 - Decimal(repr(float(prices[prices > 0].min()))).adjusted()
    whole = [int(_EXACT.scaleb(Decimal(repr(price)), places)) for price in prices.tolist()]
    return np.array(whole, dtype=object) * sizes.astype(object), Fraction(10) ** -places


def multiples_reached(
    amounts: npt.NDArray[Any], threshold: Fraction, sessions: npt.NDArray[np.intp]
) -> npt.NDArray[Any]:
    """Return how many multiples of a threshold the amounts before each one reach, in its session.

    Parameters
    ----------
    amounts
        int64 whose sum is below 2**63, or Python integers.
    threshold
        The threshold, above 0.
    sessions
        Start of each session, which ends at the start of the next one.
    """
    before = np.cumsum(amounts) - amounts
    before -= np.repeat(before[sessions], group_ends(sessions, len(amounts)) - sessions)
    numerator, denominator = threshold.as_integer_ratio()
    if max(numerator, denominator, int(before.max(initial=0)) * denominator) > _MAX_INT64:
        before = before.astype(object)
    multiples: npt.NDArray[Any] = before * denominator // numerator
    return multiples


def _common_decimals(prices: npt.NDArray[np.float64]) -> int | None:
    """Return the number of decimals with which every price is written; None if one has more than 15 digits."""
    remaining, largest = prices, prices.max(initial=0)
    for decimals in range(_DIGITS + 1):
        if largest >= 10.0 ** (_DIGITS - decimals):
            return None
        scale = 10.0**decimals
        remaining = remaining[np.rint(remaining * scale) / scale != remaining]
        if not len(remaining):
            return decimals
    return None

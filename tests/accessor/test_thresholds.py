"""Sums against a threshold equal those of fractions, whatever the prices are."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accessor.frames import examples
from tickframe.accessor.thresholds import exact_number, exact_turnover, multiples_reached

decimals = st.builds(lambda digits, places: digits / 10**places, st.integers(0, 10**15), st.integers(0, 12))
any_price = st.floats(0, allow_infinity=False)
prices = st.one_of(st.lists(decimals, max_size=20), st.lists(decimals | any_price, max_size=20))
sizes = st.integers(0, 300) | st.integers(0, 2**57)
thresholds = st.one_of(
    st.floats(0, exclude_min=True, allow_infinity=False), decimals.filter(bool), st.integers(1, 2**70)
)


@st.composite
def trades(draw):
    """Make prices, sizes and starts of sessions."""
    drawn = draw(prices)
    starts = draw(st.sets(st.integers(1, max(1, len(drawn) - 1)))) if len(drawn) > 1 else set()
    return (
        np.array(drawn, dtype=np.float64),
        np.array([draw(sizes) for _ in drawn], dtype=np.int64),
        np.array(sorted({0, *starts} if drawn else []), dtype=np.intp),
    )


@examples
@given(trades())
def test_turnover_is_that_of_printed_prices(drawn):
    """Each amount is the printed price times the size, and 64-bit sums cannot overflow."""
    amounts, unit = exact_turnover(*drawn[:2])
    expected = [Fraction(repr(price)) * size for price, size in zip(*map(np.ndarray.tolist, drawn[:2]), strict=True)]
    assert [amount * unit for amount in amounts.tolist()] == expected
    assert amounts.dtype == object or sum(amounts.tolist()) < 2**63


@examples
@given(trades(), thresholds)
def test_multiples_are_counted_exactly(drawn, threshold):
    """They are the floor of the sum of the session before the trade over the threshold."""
    prices, sizes, sessions = drawn
    amounts, unit = exact_turnover(prices, sizes)
    expected = []
    for start, end in pairwise([*sessions.tolist(), len(amounts)]):
        turnovers = [amount * unit for amount in amounts.tolist()[start:end]]
        sums_before = list(accumulate(turnovers, initial=Fraction()))[:-1]
        expected += [total // Fraction(repr(threshold)) for total in sums_before]
    assert multiples_reached(amounts, exact_number(threshold) / unit, sessions).tolist() == expected


@pytest.mark.parametrize(
    ("price", "dtype", "unit"),
    [
        (48.0, np.int64, Fraction(1)),
        (48.535, np.int64, Fraction(1, 1000)),
        (0.1 + 0.2, object, Fraction(1, 10**17)),
        (1e22, object, Fraction(10) ** 6),
    ],
)
def test_prices_of_up_to_15_digits_are_64_bit_integers(price, dtype, unit):
    """Python's integers are only for the others, such as results of a calculation."""
    amounts, of_one = exact_turnover(np.array([price]), np.array([100]))
    assert (amounts.dtype, of_one) == (dtype, unit)

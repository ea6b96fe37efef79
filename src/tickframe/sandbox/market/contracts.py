"""The contracts of the listed products: expirations, strikes, and the days on which they trade."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import FutureTerms, Instrument, OptionTerms, invented_isin
from tickframe.sandbox.market.levels import course_of, price_level
from tickframe.sandbox.market.products import FUTURES, OPTIONS, FutureProduct, OptionProduct

#: The first day with ticks of contracts.
FIRST_DAY_OF_CONTRACTS = dt.date(2014, 1, 1)

_MONTH_CODES = "FGHJKMNQUVXZ"

# Options on a future expire this many weekdays before it.
_BEFORE_THE_FUTURE = 3

# Strikes are about this far apart, as a share of the price on the first day, in steps that people use.
_STRIKE_DISTANCE = 0.04
_STEPS = np.array([0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100, 250, 500])


class _Listing(NamedTuple):
    """One expiration of a product: it trades from ``first_day`` to the weekday before ``expiration``."""

    month: str
    first_day: dt.date
    expiration: dt.date


def contracts(seed: int, last_day: dt.date) -> Iterator[Instrument]:
    """Give the contracts that were listed by a day, expired ones included.

    Parameters
    ----------
    seed
        Which market: strikes are near its prices.
    last_day
        Contracts whose first day is later are left out.
    """
    futures = {}
    for product in FUTURES:
        for listing in _listings(product.months, product.listed, product.months_before, last_day):
            future = _future(product, listing)
            futures[product.stem, listing.month] = future
            yield future
    for option_product in OPTIONS:
        yield from _options(option_product, futures, seed, last_day)


def _listings(months: str, listed: int, months_before: int, last_day: dt.date) -> Iterator[_Listing]:
    """Give the expirations of a product: on each weekday as many trade as are listed at a time."""
    # Those at the beginning took the place of others that nobody recorded.
    years = range(FIRST_DAY_OF_CONTRACTS.year - 2, last_day.year + listed // len(months) + 3)
    expirations = [
        (f"{year % 100:02}{code}", _third_friday(year, _MONTH_CODES.index(code) + 1 - months_before))
        for year in years
        for code in months
    ]
    for (_, first_day), (month, expiration) in zip(expirations, expirations[listed:], strict=False):
        listing = _Listing(month, max(first_day, FIRST_DAY_OF_CONTRACTS), expiration)
        if listing.first_day <= last_day and listing.first_day < expiration:
            yield listing


def _third_friday(year: int, month: int) -> dt.date:
    year, month = (year - 1, month + 12) if month < 1 else (year, month)
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(calendar.FRIDAY - first.weekday()) % 7 + 14)


def _weekdays_before(day: dt.date, count: int) -> dt.date:
    return np.busday_offset(day, -count).astype(dt.date)  # type: ignore[no-any-return]


def _future(product: FutureProduct, listing: _Listing) -> Instrument:
    exchange = EXCHANGES[product.suffix]
    code = f"{product.stem}/{listing.month}"
    symbol = f"{code}.{product.suffix}"
    return Instrument(
        symbol=symbol,
        name=f"{product.name} future {_month_and_year(listing.month)}",
        isin=invented_isin(exchange.country, symbol),
        local_code=code,
        market_segment="Futures",
        entity_class="Future",
        exchange=exchange,
        underlying=product.underlying,
        first_day=listing.first_day,
        last_day=_weekdays_before(listing.expiration, 1),
        terms=FutureTerms(listing.expiration, product.contract_size),
        chain=product.stem,
    )


def _options(
    product: OptionProduct, futures: Mapping[tuple[str, str], Instrument], seed: int, last_day: dt.date
) -> Iterator[Instrument]:
    course = course_of(product.underlying, seed)
    for listing in _listings(product.months, product.listed, 0, last_day):
        future = futures.get((product.future, listing.month))
        if future is not None and isinstance(future.terms, FutureTerms):
            expiration = _weekdays_before(future.terms.expiration, _BEFORE_THE_FUTURE)
            listing = _Listing(listing.month, future.first_day, expiration)  # noqa: PLW2901 - the future's days
        elif product.future:
            # Its future is listed later than an option would be.
            continue
        for strike in _strikes(float(np.exp(price_level(course, listing.first_day))), product.strikes):
            for call in (True, False):
                yield _option(product, listing, future, strike, call=call)


def _strikes(price: float, count: int) -> list[float]:
    step = _STEPS[np.searchsorted(_STEPS, _STRIKE_DISTANCE * price).clip(max=len(_STEPS) - 1)]
    lowest = max(round(price / step) - count // 2, 1)
    return [float(step * (lowest + number)) for number in range(count)]


def _option(
    product: OptionProduct, listing: _Listing, future: Instrument | None, strike: float, *, call: bool
) -> Instrument:
    exchange = EXCHANGES[product.suffix]
    code = f"{product.stem}/{listing.month}/{strike:g}{'C' if call else 'P'}"
    symbol = f"{code}.{product.suffix}"
    kind = "call" if call else "put"
    return Instrument(
        symbol=symbol,
        name=f"{product.name} {kind} {strike:g} {_month_and_year(listing.month)}",
        isin=invented_isin(exchange.country, symbol),
        local_code=code,
        market_segment="Options",
        entity_class="Future option" if future else "Option",
        exchange=exchange,
        underlying=product.underlying,
        first_day=listing.first_day,
        last_day=_weekdays_before(listing.expiration, 1),
        terms=OptionTerms(listing.expiration, product.contract_size, call, strike, product.american, future),
        chain=product.chain,
    )


def _month_and_year(month: str) -> str:
    year, code = month[:-1], month[-1]
    return f"{calendar.month_name[_MONTH_CODES.index(code) + 1]} 20{year}"

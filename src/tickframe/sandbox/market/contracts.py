"""The contracts of the listed products: their expirations, strikes and days of trading, and their chains."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from tickframe.catalogue import ChainType
from tickframe.sandbox.market.instruments import FutureTerms, Instrument, OptionTerms, invented_isin
from tickframe.sandbox.market.prices import price_process
from tickframe.sandbox.market.products import FUTURES, OPTIONS, OptionProduct, Product

#: The first day with ticks of contracts.
FIRST_DAY_OF_CONTRACTS = dt.date(2014, 1, 1)

_MONTH_CODES = "FGHJKMNQUVXZ"

# Options on a future expire this many weekdays before the future.
_WEEKDAYS_BEFORE_FUTURE = 3

# The distance of strikes is about this share of the price on the first day, rounded up to one of the steps.
_STRIKE_DISTANCE = 0.04
_STRIKE_STEPS = np.array([0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100, 250, 500])

_ENTITY_CLASSES: Mapping[ChainType, str] = MappingProxyType(
    {ChainType.FUTURES: "Future", ChainType.OPTIONS: "Option", ChainType.FUTURE_OPTIONS: "Future option"}
)


class _Listing(NamedTuple):
    """One expiration of a product, which trades from ``first_day`` to the weekday before ``expiration``."""

    month: str
    first_day: dt.date
    expiration: dt.date


def contracts(seed: int, last_day: dt.date) -> Iterator[Instrument]:
    """Yield the contracts that were listed by a day, including expired ones.

    Parameters
    ----------
    seed
        The market's seed: strikes are near its prices.
    last_day
        The latest first day of a contract.
    """
    futures = {}
    for product in FUTURES:
        for listing in _listings(product, last_day):
            future = _contract(product, listing, FutureTerms(listing.expiration, product.contract_size))
            futures[product.stem, listing.month] = future
            yield future
    for option_product in OPTIONS:
        yield from _options(option_product, futures, seed, last_day)


def _listings(product: Product, last_day: dt.date) -> Iterator[_Listing]:
    """Yield the expirations of a product; on each weekday, as many of them trade as are listed at a time."""
    months, listed = product.months, product.listed
    # The first ones replaced contracts from before the market's first day.
    years = range(FIRST_DAY_OF_CONTRACTS.year - 2, last_day.year + listed // len(months) + 3)
    expirations = [
        (f"{year % 100:02}{code}", _third_friday(year, _MONTH_CODES.index(code) + 1 - product.months_before))
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


def _options(
    product: OptionProduct, futures: Mapping[tuple[str, str], Instrument], seed: int, last_day: dt.date
) -> Iterator[Instrument]:
    process = price_process(product.underlying, seed)
    for listing in _listings(product, last_day):
        future = futures.get((product.future, listing.month))
        if future is not None and isinstance(future.terms, FutureTerms):
            expiration = _weekdays_before(future.terms.expiration, _WEEKDAYS_BEFORE_FUTURE)
            listing = _Listing(listing.month, future.first_day, expiration)  # noqa: PLW2901 - the future's days
        elif product.future:
            # The future is listed later than the option would be.
            continue
        for strike in _strikes(float(np.exp(process.level(listing.first_day))), product.strikes):
            for call in (True, False):
                terms = OptionTerms(listing.expiration, product.contract_size, call, strike, product.american, future)
                yield _contract(product, listing, terms)


def _strikes(price: float, count: int) -> list[float]:
    step = _STRIKE_STEPS[np.searchsorted(_STRIKE_STEPS, _STRIKE_DISTANCE * price).clip(max=len(_STRIKE_STEPS) - 1)]
    lowest = max(round(price / step) - count // 2, 1)
    return [float(step * (lowest + number)) for number in range(count)]


def _contract(product: Product, listing: _Listing, terms: FutureTerms | OptionTerms) -> Instrument:
    code, kind, market_segment = f"{product.stem}/{listing.month}", "future", "Futures"
    if isinstance(terms, OptionTerms):
        code += f"/{terms.strike:g}{'C' if terms.call else 'P'}"
        kind, market_segment = f"{'call' if terms.call else 'put'} {terms.strike:g}", "Options"
    symbol = f"{code}.{product.exchange.suffix}"
    year, month = listing.month[:-1], calendar.month_name[_MONTH_CODES.index(listing.month[-1]) + 1]
    return Instrument(
        symbol=symbol,
        name=f"{product.name} {kind} {month} 20{year}",
        isin=invented_isin(product.exchange.country, symbol),
        local_code=code,
        market_segment=market_segment,
        entity_class=_ENTITY_CLASSES[product.chain_type],
        exchange=product.exchange,
        underlying=product.underlying,
        first_day=listing.first_day,
        last_day=_weekdays_before(listing.expiration, 1),
        terms=terms,
        chain=product.chain,
    )


def chain_names(chain_type: ChainType) -> tuple[tuple[str, str], ...]:
    """Return the symbol and exchange of each chain of a type."""
    products = (product for product in (*FUTURES, *OPTIONS) if product.chain_type is chain_type)
    return tuple((product.chain, product.exchange.short_name) for product in products)


def chain_members(
    instruments: Iterable[Instrument], chain_type: ChainType, symbol: str, exchange: str
) -> list[Instrument]:
    """Return the contracts of a chain, ordered by expiration and strike price."""
    chain = (_ENTITY_CLASSES[chain_type], symbol, exchange)
    members = [each for each in instruments if (each.entity_class, each.chain, each.exchange.short_name) == chain]
    return sorted(members, key=lambda member: (member.last_day, _strike(member), member.symbol))


def _strike(member: Instrument) -> float:
    return member.terms.strike if isinstance(member.terms, OptionTerms) else 0.0

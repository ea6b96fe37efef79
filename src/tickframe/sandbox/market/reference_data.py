"""What reference data say of an instrument."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tickframe.sandbox.market.instruments import FutureTerms, Instrument, OptionTerms
from tickframe.sandbox.market.interface import Reference
from tickframe.sandbox.market.randomness import stable_integer

_INSTRUMENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "Equity": "equities",
        "ETF": "equities",
        "Future": "futures",
        "Future option": "future_options",
        "Option": "options",
    }
)

_SECTORS = (
    "Communication services",
    "Consumer discretionary",
    "Consumer staples",
    "Energy",
    "Financials",
    "Health care",
    "Industrials",
    "Information technology",
    "Materials",
    "Utilities",
)

_SEDOL_CHARACTERS = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
_SEDOL_WEIGHTS = (1, 3, 1, 7, 3, 9)


def reference_of(instrument: Instrument) -> Reference:
    """Return what reference data say of an instrument, by documented column names."""
    base = {
        "symbol": instrument.symbol,
        "local_code": instrument.local_code,
        "isin": instrument.isin,
        "name": instrument.name,
        "country_code": instrument.exchange.country,
        "currency": instrument.exchange.currency,
        "entity_type": instrument.entity_class,
    }
    terms = instrument.terms
    if terms is None:
        added = _share(instrument)
    elif isinstance(terms, FutureTerms):
        added = _future(instrument, terms)
    elif terms.future is not None:
        added = _future_option(instrument, terms, terms.future)
    else:
        added = _option(instrument, terms)
    return Reference(_INSTRUMENT_TYPES[instrument.entity_class], {**base, **added})


def _share(instrument: Instrument) -> dict[str, object]:
    sector = stable_integer("sector", instrument.symbol) % len(_SECTORS)
    return {
        "lot_size": instrument.exchange.lot,
        "market_sector": _SECTORS[sector] if instrument.entity_class == "Equity" else "Funds",
        "market_segment": instrument.market_segment,
        "security_primary_exchange": instrument.exchange.exchange,
        "sedol_code": _invented_sedol(instrument.symbol),
    }


def _contract(instrument: Instrument, terms: FutureTerms | OptionTerms) -> dict[str, object]:
    return {
        "expiration_date": terms.expiration,
        "contract_size": terms.contract_size,
        "currency_multiplier": 1.0,
        "minimum_tick": float(instrument.exchange.tick_rule.tick_sizes()[0]),
    }


def _underlying(instrument: Instrument) -> dict[str, object]:
    return {
        "underlying_isin": instrument.underlying.isin,
        "underlying_symbol": instrument.underlying.symbol,
        "underlying_currency": instrument.underlying.currency,
        "underlying_mic": instrument.underlying.mic,
    }


def _future(instrument: Instrument, terms: FutureTerms) -> dict[str, object]:
    return {
        **_contract(instrument, terms),
        **_underlying(instrument),
        "point_size": float(terms.contract_size),
    }


def _right(terms: OptionTerms) -> dict[str, object]:
    return {
        "option_type": "CALL" if terms.call else "PUT",
        "strike_price": terms.strike,
        "exercise_style": "AMERICAN" if terms.american else "EUROPEAN",
    }


def _future_option(instrument: Instrument, terms: OptionTerms, future: Instrument) -> dict[str, object]:
    return {
        **_contract(instrument, terms),
        **_right(terms),
        "strike_price_multiplier": 1.0,
        "underlying_isin": future.isin,
        "future_symbol": future.symbol,
        "future_expiration_date": future.terms.expiration if future.terms else None,
    }


def _option(instrument: Instrument, terms: OptionTerms) -> dict[str, object]:
    return {
        **_contract(instrument, terms),
        **_right(terms),
        **_underlying(instrument),
        # Documented as a string, where that of a future is a date.
        "expiration_date": terms.expiration.isoformat(),
        "expiration_type": "STANDARD",
        "contract_multiplier": float(terms.contract_size),
        "generation_number": "1",
        "strike_price_denominator": 1.0,
        # An index is paid in cash.
        "shares_per_contract": terms.contract_size if instrument.underlying.isin else None,
    }


def _invented_sedol(symbol: str) -> str:
    number = stable_integer("sedol", symbol)
    body = "B" + "".join(
        _SEDOL_CHARACTERS[number // len(_SEDOL_CHARACTERS) ** place % len(_SEDOL_CHARACTERS)] for place in range(5)
    )
    checked = sum(int(character, 36) * weight for character, weight in zip(body, _SEDOL_WEIGHTS, strict=True))
    return f"{body}{-checked % 10}"

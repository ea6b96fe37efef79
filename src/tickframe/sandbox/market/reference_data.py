"""The reference data of instruments."""

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
    """Return the reference data of an instrument."""
    values = {
        "symbol": instrument.symbol,
        "local_code": instrument.local_code,
        "isin": instrument.isin,
        "name": instrument.name,
        "country_code": instrument.exchange.country,
        "currency": instrument.exchange.currency,
        "entity_type": instrument.entity_class,
        **(_share(instrument) if instrument.terms is None else _contract(instrument, instrument.terms)),
    }
    return Reference(_INSTRUMENT_TYPES[instrument.entity_class], values)


def _share(instrument: Instrument) -> dict[str, object]:
    sector = stable_integer("sector", instrument.symbol) % len(_SECTORS)
    return {
        "lot_size": instrument.exchange.lot,
        "market_sector": _SECTORS[sector] if instrument.entity_class == "Equity" else "Funds",
        "market_segment": instrument.market_segment,
        "security_primary_exchange": instrument.underlying.exchange.short_name,
        "sedol_code": _invented_sedol(instrument.symbol),
    }


def _contract(instrument: Instrument, terms: FutureTerms | OptionTerms) -> dict[str, object]:
    contract: dict[str, object] = {
        "expiration_date": terms.expiration,
        "contract_size": terms.contract_size,
        "currency_multiplier": 1.0,
        "minimum_tick": float(instrument.exchange.tick_rule.tick_sizes()[0]),
    }
    underlying = {
        "underlying_isin": instrument.underlying.isin,
        "underlying_symbol": instrument.underlying.symbol,
        "underlying_currency": instrument.underlying.currency,
        "underlying_mic": instrument.underlying.mic,
    }
    if isinstance(terms, FutureTerms):
        return {**contract, **underlying, "point_size": float(terms.contract_size)}
    contract |= {
        "option_type": "CALL" if terms.call else "PUT",
        "strike_price": terms.strike,
        "exercise_style": "AMERICAN" if terms.american else "EUROPEAN",
    }
    if terms.future is not None:
        return {
            **contract,
            "strike_price_multiplier": 1.0,
            "underlying_isin": terms.future.isin,
            "future_symbol": terms.future.symbol,
            "future_expiration_date": terms.future.terms.expiration if terms.future.terms else None,
        }
    return {
        **contract,
        **underlying,
        # Documented as a string for options, and as a date for futures.
        "expiration_date": terms.expiration.isoformat(),
        "expiration_type": "STANDARD",
        "contract_multiplier": float(terms.contract_size),
        "generation_number": "1",
        "strike_price_denominator": 1.0,
        # Options on an index are settled in cash.
        "shares_per_contract": terms.contract_size if instrument.underlying.isin else None,
    }


def _invented_sedol(symbol: str) -> str:
    number = stable_integer("sedol", symbol)
    body = "B" + "".join(
        _SEDOL_CHARACTERS[number // len(_SEDOL_CHARACTERS) ** place % len(_SEDOL_CHARACTERS)] for place in range(5)
    )
    checked = sum(int(character, 36) * weight for character, weight in zip(body, _SEDOL_WEIGHTS, strict=True))
    return f"{body}{-checked % 10}"

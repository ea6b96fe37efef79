"""Futures, options and options on futures: chains, reference data, lookups and prices are consistent."""

import datetime as dt

import numpy as np
import pytest

DAYS = ("2014-01-02", "2017-08-01", "2024-03-14")
CHAINS = {
    ("FUTURES", "CL", "NYMEX"): ("Future", "futures", 12),
    ("FUTURES", "FDAX", "EUREX"): ("Future", "futures", 4),
    ("OPTIONS", "=DJX.W", "OPRA_COMPOSITE"): ("Option", "options", 80),
    ("OPTIONS", "IBM.N", "OPRA_COMPOSITE"): ("Option", "options", 64),
    ("FUTURE_OPTIONS", "CL", "NYMEX"): ("Future option", "future_options", 64),
}


def chain_of(caller, chain, day):
    chain_type, symbol, exchange = chain
    reply = caller.ask("chain", source="ACTIV", chainType=chain_type, symbol=symbol, exchange=exchange, day=day)
    assert reply.warning == ""
    return reply.frame()


def reference_of(caller, symbols, day):
    reply = caller.ask("referenceData", source="ACTIV", symbols=list(symbols), day=day)
    assert reply.warning == ""
    return reply.frame()


def days_since_1970(day):
    return (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("chain", CHAINS)
def test_chains_match_reference_data_and_lookups(caller, chain, day):
    """The members are listed on the day, have the chain's type and underlying, and expire later."""
    entity_class, instrument_type, count = CHAINS[chain]
    members = chain_of(caller, chain, day)
    assert len(members) == count
    assert members["symbol"].is_unique
    assert set(members["chain_symbol"]) == {chain[1]}
    reference = reference_of(caller, members["symbol"], day)
    assert list(reference["symbol"]) == list(members["symbol"])
    assert set(reference["entity_type"]) == {entity_class}
    underlying = "future_symbol" if instrument_type == "future_options" else "underlying_symbol"
    assert list(reference[underlying]) == list(members["underlying"])
    today = days_since_1970(day)
    expirations = reference["expiration_date"]
    if instrument_type == "options":
        expirations = expirations.map(days_since_1970)
    assert (expirations > today).all()
    in_order = reference.assign(expiration=expirations).sort_values(
        ["expiration", *(["strike_price", "option_type"] if "strike_price" in reference else [])]
    )
    assert list(in_order["symbol"]) == list(members["symbol"])
    listed = caller.ask(
        "symbols",
        source="ACTIV",
        entityClassFilters=[entity_class],
        exchangeFilters=[chain[2]],
        firstDay=day,
        lastDay=day,
        pageLimit=1000,
    ).frame()
    mine = listed[listed["symbol"].isin(members["symbol"])].set_index("symbol").loc[members["symbol"]]
    assert list(mine["isin"]) == list(reference["isin"])
    assert (mine["first_day"] <= today).all()
    assert (mine["last_day"] >= today).all()


@pytest.mark.parametrize("chain", CHAINS)
def test_members_of_a_chain_have_ticks_and_settlements(caller, chain):
    """The first and last member on each day."""
    for day in DAYS:
        for symbol in chain_of(caller, chain, day)["symbol"].iloc[[0, -1]]:
            trades = caller.ask("tickData", source="ACTIV", dataType="TRADES", symbol=symbol, day=day).frame()
            assert len(trades) > 10
            settled = caller.ask("settlementPrices", source="ACTIV", symbols=[symbol], firstDay=day, lastDay=day)
            assert settled.columns["settlement_date"] == [days_since_1970(day)]
            low, high = trades["trade"].quantile(0.02) * 0.9, trades["trade"].quantile(0.98) * 1.1
            assert low - 0.1 <= settled.columns["settlement"][0] <= high + 0.1


def test_a_contract_trades_until_the_weekday_before_it_expires(caller):
    """Its first and last day are those of the lookup, and other days have no ticks."""
    [contract] = caller.ask("symbols", source="ACTIV", pattern="CL/17U.NXG").frame().itertuples()
    expiration = reference_of(caller, ["CL/17U.NXG"], "2017-08-01")["expiration_date"].iloc[0]
    days = [str(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))) for day in (contract.first_day, contract.last_day)]
    assert days == ["2016-08-19", "2017-08-17"]
    assert expiration == contract.last_day + 1
    bars = caller.ask(
        "endOfDay", source="ACTIV", symbols=["CL/17U.NXG"], firstDay="2017-08-14", lastDay="2017-08-30"
    ).columns
    assert bars["date"] == [days_since_1970(f"2017-08-{day}") for day in (14, 15, 16, 17)]
    assert "CL/17U.NXG" not in set(chain_of(caller, ("FUTURES", "CL", "NYMEX"), "2017-08-18")["symbol"])


def test_option_prices_follow_strikes_and_the_share(caller):
    """With a higher strike a call is worth less and a put more, and both follow the share."""
    day = "2017-08-01"
    chain = chain_of(caller, ("OPTIONS", "IBM.N", "OPRA_COMPOSITE"), day)["symbol"]
    terms = reference_of(caller, chain, day)
    nearest = terms[terms["expiration_date"] == terms["expiration_date"].min()].sort_values("strike_price")
    snapshot = caller.ask(
        "tickSnapshot",
        source="ACTIV",
        dataType="QUOTES",
        symbols=[*nearest["symbol"], "IBM.N"],
        day=day,
        time="12:00",
    ).frame()
    middle = ((snapshot["bid"] + snapshot["ask"]) / 2).set_axis(snapshot["symbol"])
    price = middle["IBM.N"]
    for option_type, sign in (("CALL", 1), ("PUT", -1)):
        series = nearest[nearest["option_type"] == option_type]
        value = middle[series["symbol"]].to_numpy()
        intrinsic = np.maximum(sign * (price - series["strike_price"].to_numpy()), 0)
        assert (sign * np.diff(value) <= 0.1).all()
        assert (value > intrinsic * 0.97 - 0.1).all()
        assert (value < intrinsic + 0.1 * price).all()


def test_futures_on_one_underlying_have_similar_prices(caller):
    """All are close to the underlying, and the one that expires first trades most."""
    day = "2017-08-01"
    symbols = list(chain_of(caller, ("FUTURES", "CL", "NYMEX"), day)["symbol"])
    bars = caller.ask("endOfDay", source="ACTIV", symbols=symbols, firstDay=day, lastDay=day).frame()
    assert bars["close"].max() / bars["close"].min() < 1.04
    assert bars["volume"].iloc[0] > 3 * bars["volume"].iloc[-1]

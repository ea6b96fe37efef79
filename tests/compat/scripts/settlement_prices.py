from xythub import ChainType, chain, settlement_prices

futures = chain(source="ACTIV", exchange="NYMEX", symbol="CL", day="2016.09.02", chain_type=ChainType.FUTURES)
nearest = futures.to_pandas()["symbol"].iloc[0]
prices = settlement_prices(source="ACTIV", symbols=[nearest], first_day="2016.09.01", last_day="2016.09.02")
assert prices.to_pandas()["settlement"].notna().all()
assert prices.rows > 0

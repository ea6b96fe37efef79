from xythub import lookup_exchanges

exchanges = lookup_exchanges(source="ACTIV", exchange_filters=["XETRA"], first_day="2016.01.01", last_day="2016.12.31")
frame = exchanges.to_pandas()
assert frame["exchange"].tolist() == ["XETRA"]
assert len(frame["feeds"].iloc[0]) > 0

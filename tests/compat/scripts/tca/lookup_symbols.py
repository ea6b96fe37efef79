from xythub import lookup_symbols

symbols = lookup_symbols(
    source="TCA", exchange_filters=["XETRA", "BXTR"], first_day="2016.01.01", last_day="2016.12.31"
)
frame = symbols.to_pandas()
assert list(frame.columns) == [
    "source",
    "region",
    "exchange",
    "symbol",
    "isin",
    "currency",
    "mic",
    "primary_market",
    "operating_mic",
]
assert frame["mic"].tolist() == ["XETA", "XETA", "XETA", "BOTC", "BOTC"]

from xyt import ApiSettings, ItemType, TickDataFlag, TickDataType, lookup_symbols, tick_data

symbols = lookup_symbols(
    source="ACTIV",
    pattern="zal",
    exchange_filters=["XETRA", "BXTR"],
    first_day="2016.01.01",
    last_day="2016.12.31",
    item_type_filters=[ItemType.INDIVIDUAL_ITEM],
)
assert symbols.to_pandas()["symbol"].tolist() == ["ZAL.XE"]
chains = lookup_symbols(source="ACTIV", pattern="zal", item_type_filters=[ItemType.OPTION_CHAIN])
assert chains.rows == 0
td = tick_data(
    source="ACTIV",
    symbol="ZALd.BTE",
    day="2016.05.05",
    data_type=TickDataType.QUOTES,
    from_time="09:00:00.000",
    to_time="09:10:09.999",
)
assert td.rows > 0

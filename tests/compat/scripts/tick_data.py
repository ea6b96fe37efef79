from xythub import TickDataFlag, TickDataType, tick_data

ticks = tick_data(
    source="ACTIV",
    symbol="ZAL.XE",
    day="2016.05.05",
    data_type=TickDataType.TRADES,
    from_time="09:00:00.000",
    to_time="09:10:09.999",
    flags=[TickDataFlag.INCLUDE_NON_REGULAR, TickDataFlag.INCLUDE_TRADE_CONDITION_INFO],
)
frame = ticks.to_pandas()
assert ticks.rows == len(frame) > 0
assert frame["trade_size"].dtype == "int64"
assert list(frame.columns[:3]) == ["symbol", "date", "time"]

from xythub import TickDataFlag, TickDataType, tick_aggregated

bars = tick_aggregated(
    source="ACTIV",
    symbol="ZAL.XE",
    day="2016.05.05",
    bin_size=3600,
    data_type=TickDataType.TRADES,
    flags=[TickDataFlag.INCLUDE_NON_REGULAR, TickDataFlag.USE_MARKET_TS],
)
assert bars.rows == 24
assert bars.to_pandas()["volume"].sum() > 0

from xythub import TickDataType, tick_snapshot

snapshot = tick_snapshot(
    source="ACTIV",
    symbols=["ZAL.XE", "ADS.XE"],
    day="2016.05.05",
    data_type=TickDataType.QUOTES,
    time="12:00:00.000",
    flags=[],
)
frame = snapshot.to_pandas()
assert sorted(frame["symbol"]) == ["ADS.XE", "ZAL.XE"]
assert (frame["ask"] > frame["bid"]).all()

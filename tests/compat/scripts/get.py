from xythub import get

ticks = get(
    source="ACTIV", request="tickData", symbol="ZAL.XE", day="2016.05.05", data_type="TRADES", to_time="09:05:00"
)
assert ticks.rows > 0
assert len(ticks.data.data.columns["trade"].double_list.values) == ticks.rows

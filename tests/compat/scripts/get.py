from xythub import get

answer = get(
    source="ACTIV", request="tickData", symbol="ZAL.XE", day="2016.05.05", data_type="TRADES", to_time="09:05:00"
)
assert answer.rows > 0
assert len(answer.data.data.columns["trade"].double_list.values) == answer.rows

from xythub import end_of_day

days = end_of_day(source="ACTIV", symbols=["DBK.XE"], first_day="2016.09.01", last_day="2016.09.30")
assert days.row_count == 22
assert days.to_csv(index=False).startswith("symbol,date,open,high,low,close,trade_count,volume\n")

from xythub import instrument_status

status = instrument_status(source="ACTIV", symbols=["DBK.XE", "ADS.XE"], day="2016.09.02")
frame = status.to_pandas()
assert frame["continuous_session"].dtype == "bool"
assert frame["continuous_session"].any()

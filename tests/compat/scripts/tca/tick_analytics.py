import pandas as pd
from xythub import ApiSettings, lookup_symbols
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

start, end = pd.Timestamp("2019-10-10 10:00:00"), pd.Timestamp("2019-10-10 12:00:00")
result = tick_analytics(
    source="TCA",
    symbols=["ORA.P"],
    metrics={
        "Market": MarketAggregate(from_datetime=start, to_datetime=end, fields=["VOLUME", "VWAP"]),
        "MarketLimit": MarketAggregate(
            from_datetime=start, to_datetime=end, fields=["VOLUME", "VWAP"], lower_price_limit=10
        ),
        "PVWAP_05": PVWAP(from_datetime=start, trade_size=100, participation_rate=0.05),
        "BookSnapshot": BookSnapshot(datetime=start, fields=["MID", "ASK", "BID"]),
        "RPM": RPM(from_datetime=start, to_datetime=end, benchmark_price=10, fields=["SHARES", "TRADES"]),
    },
).to_pandas()
assert result["Market_VOLUME"].tolist() == [362440]
assert result["PVWAP_05"].tolist() == [14.43]
assert list(result.columns)[-2:] == ["RPM_SHARES", "RPM_TRADES"]

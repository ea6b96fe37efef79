import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "RPM": RPM(
            from_datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            to_datetime=pd.Timestamp("2019-10-10 12:00:00.000"),
            benchmark_price=30.1,
            fields=["SHARES", "TRADES_INCLUDE_EQUAL"],
        ),
    },
).to_pandas()
assert list(result.columns) == ["RPM_SHARES", "RPM_TRADES_INCLUDE_EQUAL"]

import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "PVWAP_15": PVWAP(
            from_datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            trade_size=100,
            participation_rate=0.15,
        ),
    },
).to_pandas()
assert list(result.columns) == ["PVWAP_15"]

import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "Part": MarketParticipation(
            fields=["PVWAP", "VOLUME_TILL_END"],
            from_datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            to_datetime=pd.Timestamp("2019-10-10 12:00:00.000"),
            trade_size=1000,
            participation_rate=0.1,
            price_limit=31.5,
        ),
    },
).to_pandas()
assert list(result.columns) == ["Part_PVWAP", "Part_VOLUME_TILL_END"]

import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "Depth": BookDepth(
            datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            fields=["BID_WAVG", "ASK_WAVG"],
            level_limit=10,
            size_limit=200,
        ),
    },
).to_pandas()
assert list(result.columns) == ["Depth_BID_WAVG", "Depth_ASK_WAVG"]

import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "PBBO": BookSnapshot(
            symbols=["DPW.XE"],
            datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            fields=["MID", "ASK", "BID"],
        ),
        "Closed": BookSnapshot(
            datetime=pd.Timestamp("2019-10-10"),
            eod_symbol="DPW.XE",
            fields=["ASK_VENUE", "ASK_SIZE"],
        ),
    },
).to_pandas()
assert list(result.columns) == ["PBBO_MID", "PBBO_ASK", "PBBO_BID", "Closed_ASK_VENUE", "Closed_ASK_SIZE"]

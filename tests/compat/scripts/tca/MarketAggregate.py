import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "Lit": MarketAggregate(
            fields=["VOLUME", "MEDIAN_TS"],
            from_datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            to_datetime=pd.Timestamp("2019-10-10 12:00:00.000"),
            lower_price_limit=10,
            trade_types=["Lit"],
            use_last_snapshot=False,
        ),
    },
    flags=[TickDataFlag.INCLUDE_NON_REGULAR],
).to_pandas()
assert list(result.columns) == ["Lit_VOLUME", "Lit_MEDIAN_TS"]

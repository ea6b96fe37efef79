import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "BookAggregate": BookAggregate(
            from_datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            to_datetime=pd.Timestamp("2019-10-10 12:00:00.000"),
            fields=["AVG_SPREAD", "AVG_ASK", "AVG_BID"],
        ),
    },
).to_pandas()
assert list(result.columns) == ["BookAggregate_AVG_SPREAD", "BookAggregate_AVG_ASK", "BookAggregate_AVG_BID"]

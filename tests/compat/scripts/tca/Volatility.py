import pandas as pd
from xythub_tca.data import tick_analytics
from xythub_tca.metrics import *

result = tick_analytics(
    source="TCA",
    symbols=["DPW.XE", "DPWd.CHIX"],
    metrics={
        "Volatility": Volatility(
            fields=["REALIZED", "PARKINSON"],
            from_datetime=pd.Timestamp("2019-10-10 10:00:00.000"),
            to_datetime=pd.Timestamp("2019-10-10 12:00:00.000"),
            bin_size=300,
            annualization_factor=252.0,
        ),
    },
).to_pandas()
assert list(result.columns) == ["Volatility_REALIZED", "Volatility_PARKINSON"]

import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetVolumeProfile"
query_params = {
    "isins": ["FI0009000681"],
    "dateFrom": pd.Timestamp("2020-5-10"),
    "dateTo": pd.Timestamp("2020-5-20"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert df["trade_time"].dtype == "timedelta64[ns]"

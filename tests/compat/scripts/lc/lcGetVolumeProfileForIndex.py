import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetVolumeProfileForIndex"
query_params = {
    "dateFrom": pd.Timestamp("2020-5-10"),
    "dateTo": pd.Timestamp("2020-5-11"),
    "index": "UK100",
    "mode": ["asof", "ISINCurrency"],
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert df["date"].dtype == "datetime64[ns]"

import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetMarketShareForIndex"
query_params = {
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
    "index": "UK100",
    "mode": ["asof", "ISINCurrency"],
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert "traded_value_in_local_ccy" in df.head().columns

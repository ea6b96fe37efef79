import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetMarketShareMonthlyStatsByIndex"
query_params = {
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert df["advt"].dtype == "float64"

import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetBestPricesPrimaryExchange"
query_params = {
    "isins": ["DE0005501357"],
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert "primary_exchange_code" in df.head().columns

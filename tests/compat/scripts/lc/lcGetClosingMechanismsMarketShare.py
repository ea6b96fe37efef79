import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetClosingMechanismsMarketShare"
query_params = {
    "isins": ["DE000A1EWWW0"],
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert "trade_size" in df.head().columns

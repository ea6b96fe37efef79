import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetSpreads"
query_params = {
    "isins": ["IE00BJ5JMP33"],
    "dateFrom": pd.Timestamp("2021-12-01"),
    "dateTo": pd.Timestamp("2021-12-01"),
    "currency": "USD",
}

df = get(source="ETF-LC", endpoint=query_name, **query_params).to_pandas()
assert df["size"].tolist() == [0, 5000, 10000, 25000, 100000, 250000, 500000]
assert df["spread_both"].iloc[-1] == 59.2897329

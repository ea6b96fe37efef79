import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetBestPrices"
query_params = {
    "isins": ["DE0005501357"],
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
best = df.set_index("symbol")
assert best.loc["SPR.XE", "presence_ebb"] == 0.987787
assert best.loc["SPRd.BTE", "group"] == "Cboe Europe"

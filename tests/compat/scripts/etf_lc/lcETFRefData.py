import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcETFRefData"
query_params = {
    "date": pd.Timestamp("2021-12-04"),
}

df = get(source="ETF-LC", endpoint=query_name, **query_params).to_pandas()
assert df["fund_ter"].head().unique().tolist() == ["1.00%"]

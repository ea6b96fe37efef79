import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "getIndexCompositions"
query_params = {
    "date": pd.Timestamp("2019-10-2"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
de30 = df[df["index"] == "DE30"]
assert de30["isin"].tolist() == []

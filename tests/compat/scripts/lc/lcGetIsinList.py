import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetIsinList"
query_params = {
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-5"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert df.head(5)["isin"].tolist()[0] == "AEDFXA1EN018"

import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetSpreads"
query_params = {
    "isins": ["DE0005501357", "NL0000235190"],
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert df["size"].dtype == "int64"

import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetMarketShare"
query_params = {
    "isins": ["IE00BJ5JMP33", "LU1781541252"],
    "dateFrom": pd.Timestamp("2021-12-01"),
    "dateTo": pd.Timestamp("2021-12-04"),
}

df = get(source="ETF-LC", endpoint=query_name, **query_params).to_pandas()
assert df["traded_value_in_eur"].sum() == 101567.0476 + 1082172.889 + 51094.67522 + 4056555.284 + 421886.808
assert df["traded_value_in_eur_correction"].isna().all()

import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetMarketShare"
query_params = {
    "isins": ["DE000A1EWWW0"],
    "dateFrom": pd.Timestamp("2019-10-2"),
    "dateTo": pd.Timestamp("2019-10-24"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
by_month = (
    df.groupby(by=[df.date.dt.month, "trade_category"])["traded_value_in_eur"].sum().divide(1e6).round().reset_index()
)
assert (
    by_month.pivot(index="date", columns="trade_category", values="traded_value_in_eur").loc[10, "Lit/Order Book"] == 12
)
assert df["trade_count"].dtype == "int64"

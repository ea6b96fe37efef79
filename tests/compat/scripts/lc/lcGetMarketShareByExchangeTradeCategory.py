import pandas as pd
from xythub import ApiSettings, XytClient, get

query_name = "lcGetMarketShareByExchangeTradeCategory"
query_params = {
    "day": pd.Timestamp("2019-10-2"),
}

df = get(source="LC", endpoint=query_name, **query_params).to_pandas()
assert "adjusted_reg_hours_only" in df.head().columns

from xythub import auction_data

auctions = auction_data(source="ACTIV", symbols=["DBK.XE"], day="2016.10.04")
assert auctions.to_pandas()["uncrossing_price"].notna().any()

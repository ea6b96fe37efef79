from xythub import order_data

orders = order_data(
    source="ACTIV", symbols=["DBK.XE"], day="2016.10.04", from_time="09:00:00.000", to_time="09:01:30.000"
)
assert orders.rows > 0
assert orders.to_numpy()["order_id"][0]

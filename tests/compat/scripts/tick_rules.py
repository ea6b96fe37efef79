from xythub import tick_rules

rules = tick_rules(source="ACTIV", symbols=["DBK.XE"], day="2016.09.02")
assert (rules.to_pandas()["tick_size"] > 0).all()
assert rules.rows > 0

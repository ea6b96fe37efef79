from xythub import reference_data

reference = reference_data(source="ACTIV", symbols=["DBK.XE"], day="2016.09.01")
assert reference.to_pandas()["currency"].tolist() == ["EUR"]

from xythub import lookup_sources

sources = lookup_sources()
names = sources.to_pandas()["source"].tolist()
assert "ACTIV" in names

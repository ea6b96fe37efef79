from xythub import ChainType, chain

for kind in (ChainType.FUTURES, ChainType.FUTURE_OPTIONS):
    members = chain(source="ACTIV", exchange="NYMEX", symbol="CL", day="2016.09.02", chain_type=kind)
    assert members.rows > 0
options = chain(
    source="ACTIV", exchange="OPRA_COMPOSITE", symbol="=DJX.W", day="2016.09.02", chain_type=ChainType.OPTIONS
)
assert options.rows > 0

from xythub import lookup_symbols

results, cursor, searching = [], None, True
while searching:
    r = lookup_symbols(source="ACTIV", pattern="post", page_limit=100, cursor=cursor)
    results.append(r.to_pandas())
    cursor = r.cursor
    searching = cursor is not None
assert results[0]["symbol"].tolist() == ["DPW.XE"]

from xythub import lookup_symbols

rows, cursor, searching = 0, None, True
while searching:
    page = lookup_symbols(source="ACTIV", page_limit=100, cursor=cursor)
    assert page.row_count <= 100
    rows += page.row_count
    cursor = page.cursor
    searching = cursor is not None
assert rows == page.total_hits > 100

"""Lookups of sources, exchanges and symbols."""

import pytest


def every_page(caller, **parameters):
    pages = [caller.ask("symbols", source="ACTIV", **parameters)]
    while "cursor" in pages[-1].meta:
        cursor = pages[-1].meta["cursor"].string_value
        pages.append(caller.ask("symbols", source="ACTIV", cursor=cursor, **parameters))
    return pages


def test_sources(caller):
    """The simulated market has two sources."""
    assert caller.ask("sources").columns == {"source": ["ACTIV", "SIMULATED"]}


def test_exchanges(caller):
    """Exchanges can be filtered, and each row has its feeds as a list."""
    reply = caller.ask("exchanges", source="ACTIV", exchangeFilters=["XETRA"])
    assert reply.kinds["feeds"] == "mixed_list"
    columns = reply.columns
    assert columns["abbreviation"] == ["XE"]
    assert [list(feeds.list.string_list.values) for feeds in columns["feeds"]] == [["XETRA Level 1", "XETRA Level 2"]]


def test_pages_of_a_lookup_hold_each_symbol_once(caller):
    """Pages have 100 rows and the total number of hits, and the last page has no cursor."""
    pages = every_page(caller)
    symbols = [symbol for page in pages for symbol in page.columns["symbol"]]
    assert [len(page.columns["symbol"]) for page in pages[:2]] == [100, 100]
    assert len(pages) >= 3
    assert {page.meta["total_hits"].integer_value for page in pages} == {len(symbols)}
    assert len(set(symbols)) == len(symbols) > 250
    assert {"ZAL.XE", "ADS.XE", "DBK.XE", "IBM.N"} <= set(symbols)


def test_a_page_with_all_remaining_rows_is_the_last(caller):
    """A page that ends exactly with the last row has no cursor."""
    total = caller.ask("symbols", source="ACTIV").meta["total_hits"].integer_value
    assert "cursor" not in caller.ask("symbols", source="ACTIV", pageLimit=total).meta
    assert len(every_page(caller, pageLimit=total // 2)) == 2 + total % 2


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_an_invalid_page_limit_is_refused(caller, limit):
    """A page has 1 to 10,000 rows."""
    assert "pageLimit" in caller.refusal("symbols", source="ACTIV", pageLimit=limit)


@pytest.mark.parametrize("cursor", ["page two", "-1", "100000", "²"])
def test_an_invalid_cursor_is_refused(caller, cursor):
    """A cursor comes from a previous page."""
    assert "cursor" in caller.refusal("symbols", source="ACTIV", cursor=cursor)


@pytest.mark.parametrize("pattern", ["zalando", "ZAL.X", "de000zal1111", "zal"])
def test_a_pattern_is_searched_in_names_and_codes(caller, pattern):
    """A pattern matches symbol, name, ISIN and local code, ignoring case."""
    assert "ZAL.XE" in caller.ask("symbols", source="ACTIV", pattern=pattern).columns["symbol"]


def test_filters_narrow_a_lookup(caller):
    """All filters apply; a lookup without hits is an empty page."""
    funds = caller.ask(
        "symbols", source="ACTIV", regionFilters=["AMERICAS"], entityClassFilters=["ETF"], exchangeFilters=["NASDAQ"]
    )
    assert funds.columns["symbol"] == ["QQQ.O"]
    assert caller.ask("symbols", source="ACTIV", lastDay="2009-12-31").columns["symbol"] == []
    assert caller.ask("symbols", source="ACTIV", pattern="no such thing").meta["total_hits"].integer_value == 0


def test_check_digits_of_isins(caller):
    """Every ISIN ends in the check digit of ISO 6166."""
    for isin in caller.ask("symbols", source="ACTIV", pageLimit=10_000).columns["isin"]:
        digits = [int(digit) for digit in "".join(str(int(character, 36)) for character in isin)]
        doubled = [digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits))]
        assert sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0
        assert len(isin) == 12

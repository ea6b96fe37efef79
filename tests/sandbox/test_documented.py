"""Every response has the columns of the catalogue in their order and lists, with and without rows."""

import pytest

from tickframe.catalogue import FUNCTIONS, ColumnKind, TickDataType
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import read_frames

LISTS = {
    ColumnKind.STRING: "string_list",
    ColumnKind.LABEL: "string_list",
    ColumnKind.INTEGER: "integer_list",
    ColumnKind.FLOAT: "double_list",
    ColumnKind.BOOLEAN: "bool_list",
    ColumnKind.DATE: "days_list",
    ColumnKind.TIME: "nanoseconds_list",
    ColumnKind.STRING_LIST: "mixed_list",
}

TUESDAY, SATURDAY = "2017-08-01", "2017-08-05"
TICKS = ("tick_data", "tick_aggregated", "tick_snapshot")
FUTURE, SHARE = "CL/17U.NXG", "ZAL.XE"
TYPES = {
    "equities": SHARE,
    "futures": FUTURE,
    "future_options": "CL/17U/47.5C.NXG",
    "options": "DJX/17U/260C.W",
}


def request_of(function, day=TUESDAY, symbol=SHARE):
    """Return the parameters of a request for one symbol and day."""
    values = {
        "source": "ACTIV",
        "symbol": symbol,
        "symbols": [symbol],
        "day": day,
        "firstDay": day,
        "lastDay": day,
        "time": "12:00",
        "chainType": "FUTURES",
        "exchange": "NYMEX",
    }
    required = [parameter.wire_name for parameter in FUNCTIONS[function].parameters if parameter.required]
    return {name: values[name] for name in required if name in values}


def check(caller, function, columns, request, *, has_rows):
    response = caller.post(FUNCTIONS[function].endpoint, **request)
    assert response.status_code == 200, response.text
    [message] = read_frames(response.content)
    decoded = DataResponse.FromString(bytes(message))
    lists = {name: values.WhichOneof("list_type") for name, values in decoded.data.columns.items()}
    expected = {column.name: LISTS[column.kind] for column in columns}
    if "order_type" in expected:
        # As in the older contract; it is documented as a time of day.
        expected["order_type"] = "integer_list"
    assert lists == expected
    places = [response.content.index(b"\n" + bytes([len(name)]) + name.encode()) for name in expected]
    assert places == sorted(places)
    rows = {len(getattr(values, lists[name]).values) for name, values in decoded.data.columns.items()}
    assert len(rows) == 1
    assert (rows != {0}) is has_rows
    assert bool(decoded.header.warning_message) is not has_rows


@pytest.mark.parametrize("function", TICKS)
@pytest.mark.parametrize("data_type", TickDataType)
def test_ticks_have_the_columns_of_their_data_type(caller, function, data_type):
    """On a busy day, on a weekend and for an unknown symbol."""
    columns = FUNCTIONS[function].columns_for(data_type)
    kind = {"dataType": data_type.value}
    check(caller, function, columns, {**kind, **request_of(function)}, has_rows=True)
    check(caller, function, columns, {**kind, **request_of(function, day=SATURDAY)}, has_rows=False)
    check(caller, function, columns, {**kind, **request_of(function, symbol="ZALX.XE")}, has_rows=False)


@pytest.mark.parametrize(
    ("function", "symbol"),
    [
        ("order_data", SHARE),
        ("auction_data", SHARE),
        ("end_of_day", SHARE),
        ("settlement_prices", FUTURE),
        ("instrument_status", SHARE),
        ("tick_rules", SHARE),
        ("chain", "CL"),
    ],
)
def test_other_functions_have_their_columns(caller, function, symbol):
    """On a busy day, on a weekend and for an unknown symbol."""
    columns = FUNCTIONS[function].columns
    check(caller, function, columns, request_of(function, symbol=symbol), has_rows=True)
    check(caller, function, columns, request_of(function, symbol=symbol, day=SATURDAY), has_rows=False)
    check(caller, function, columns, request_of(function, symbol="ZALX.XE"), has_rows=False)


@pytest.mark.parametrize("function", ["lookup_sources", "lookup_exchanges", "lookup_symbols"])
def test_lookups_have_their_columns(caller, function):
    """Sources, exchanges and symbols."""
    check(caller, function, FUNCTIONS[function].columns, request_of(function), has_rows=True)


@pytest.mark.parametrize("instrument_type", TYPES)
def test_reference_data_have_the_columns_of_an_instrument_type(caller, instrument_type):
    """Whether the request names the type, in any spelling, or it is that of the symbol."""
    columns = FUNCTIONS["reference_data"].columns_for(instrument_type=instrument_type)
    symbol = TYPES[instrument_type]
    request = request_of("reference_data", symbol=symbol)
    spelled = instrument_type.replace("_", " ").replace("ies", "y").capitalize()
    check(caller, "reference_data", columns, request, has_rows=True)
    for spelling in (instrument_type, spelled, spelled.rstrip("s")):
        check(caller, "reference_data", columns, {**request, "instrumentType": spelling}, has_rows=True)
    on_saturday = request_of("reference_data", symbol=symbol, day=SATURDAY)
    check(caller, "reference_data", columns, on_saturday, has_rows=False)
    unknown = {**request_of("reference_data", symbol="ZALX.XE"), "instrumentType": instrument_type}
    check(caller, "reference_data", columns, unknown, has_rows=False)


def test_reference_data_of_several_types_have_the_columns_of_all(caller):
    """A column that a type does not have is null; a date that is a string for options is a string for all."""
    symbols = list(TYPES.values())
    reply = caller.ask("referenceData", source="ACTIV", day=TUESDAY, symbols=symbols)
    documented = FUNCTIONS["reference_data"]
    names = {column.name for added in documented.instrument_columns.values() for column in added}
    assert set(reply.columns) == names | {column.name for column in documented.columns}
    assert reply.kinds["expiration_date"] == "string_list"
    assert reply.columns["expiration_date"] == ["", "2017-08-18", "2017-08-15", "2017-09-15"]
    assert reply.columns["symbol"] == symbols
    unknown = caller.ask("referenceData", source="ACTIV", day=TUESDAY, symbols=["ZALX.XE"])
    assert set(unknown.columns) == {column.name for column in documented.columns}


def test_a_symbol_of_another_type_is_a_warning(caller):
    """Only symbols of the requested type have a row; an unknown type is refused."""
    request = {"source": "ACTIV", "day": TUESDAY, "symbols": [SHARE, FUTURE]}
    reply = caller.ask("referenceData", **request, instrumentType="futures")
    assert reply.columns["symbol"] == [FUTURE]
    assert reply.warning == "ZAL.XE has the instrument type equities, not futures"
    assert "did you mean options" in caller.refusal("referenceData", **request, instrumentType="optoins")


@pytest.mark.parametrize(
    ("function", "symbol", "warning"),
    [
        ("settlement_prices", SHARE, "ZAL.XE has no settlement prices"),
        ("auction_data", FUTURE, "CL/17U.NXG has no auctions"),
        ("chain", "CLX", "there is no FUTURES chain CLX at NYMEX: did you mean CL at NYMEX?"),
        ("tick_rules", "ZALX.XE", "symbol ZALX.XE does not exist: did you mean ZAL.XE?"),
        ("order_data", "CL/16U.NXG", "no data for CL/16U.NXG on 2017-08-01"),
    ],
)
def test_an_empty_response_has_a_warning_with_the_reason(caller, function, symbol, warning):
    """Data that the symbol never has, an unknown chain or symbol, and an expired contract."""
    reply = caller.ask(FUNCTIONS[function].endpoint, **request_of(function, symbol=symbol))
    assert reply.warning == warning
    assert {len(values) for values in reply.columns.values()} == {0}


def test_symbols_without_data_do_not_affect_the_others(caller):
    """Rows are in the order of the symbols, without duplicates."""
    reply = caller.ask("tickRules", source="ACTIV", day=TUESDAY, symbols=["IBM.N", "ZALX.XE", SHARE, "IBM.N"])
    assert reply.columns["symbol"] == ["IBM.N"] * 2 + [SHARE] * 6
    assert "ZALX.XE" in reply.warning
    assert "symbols" in caller.refusal("tickRules", source="ACTIV", day=TUESDAY, symbols=[])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chainType": "FUTURE"}, ["chainType", "did you mean FUTURES"]),
        ({"chainType": ["FUTURES"]}, ["chainType", "string"]),
        ({"exchange": None}, ["exchange", "needs"]),
    ],
)
def test_an_invalid_chain_parameter_is_refused(caller, changes, words):
    """The description names the invalid parameter, and suggests similar values."""
    request = {**request_of("chain", symbol="CL"), **changes}
    description = caller.refusal("chain", **{name: value for name, value in request.items() if value is not None})
    for word in words:
        assert word in description

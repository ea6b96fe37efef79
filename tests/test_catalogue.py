"""The catalogue has every documented function, parameter and column, in documented order."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tickframe.catalogue import (
    FUNCTIONS,
    METRICS,
    RENAMED_FIELDS,
    REQUESTS,
    ChainType,
    TickDataFlag,
    TickDataType,
    camel_case,
    find_function,
    find_request,
    misspelt_request,
)

KINDS = {
    "string": {"string", "label"},
    "int": {"integer"},
    "float": {"float"},
    "date": {"date"},
    "time": {"time"},
    "bool": {"boolean"},
    "list[string]": {"list of strings"},
}
PARAMETER_KINDS = {
    "string": "string",
    "list[string]": "list of strings",
    "date": "date",
    "time": "time",
    "int": "integer",
    "TickDataType": "data type",
    "list[TickDataFlag]": "flags",
    "ChainType": "chain type",
    "list[ItemType]": "item types",
    "float": "float",
    "bool": "boolean",
    "timestamp": "timestamp",
    "map[string, metric]": "metrics",
}


def test_the_catalogue_matches_the_documentation(specification: Path) -> None:
    documented = tomllib.loads((specification / "catalogue.toml").read_text())
    enums = {"TickDataType": TickDataType, "TickDataFlag": TickDataFlag, "ChainType": ChainType}
    members = documented.pop("enums")
    # Documented beside the functions, for the service's Java client.
    members["TickDataFlag"].insert(1, "USE_MARKET_UTC_TS")
    # Documented in earlier versions of the contract.
    documented["lookup_symbols"]["parameters"].append(
        {"name": "item_type_filters", "type": "list[ItemType]", "required": False}
    )
    assert members == {name: list(known) for name, known in enums.items()}
    assert set(documented) == set(FUNCTIONS)
    for name, facts in documented.items():
        function = FUNCTIONS[name]
        assert facts["endpoint"] == function.endpoint
        expected = [(each["name"], PARAMETER_KINDS[each["type"]], each["required"]) for each in facts["parameters"]]
        assert [(each.name, each.kind.value, each.required) for each in function.parameters] == expected
        tables = {key.removeprefix("columns").removeprefix("_"): facts[key] for key in facts if "columns" in key}
        assert set(tables) == {"", *function.instrument_columns}
        for instrument_type, columns in tables.items():
            described = function.instrument_columns[instrument_type] if instrument_type else function.columns
            assert [column.name for column in described] == [column["name"] for column in columns]
            for column, fact in zip(described, columns, strict=True):
                assert column.kind.value in KINDS[fact["type"]]
                assert column.data_types == set(map(TickDataType, fact.get("only", TickDataType)))


def documented_requests(specification: Path) -> dict[str, Any]:
    facts = tomllib.loads((specification / "requests.toml").read_text())
    return {name: fact for name, fact in facts.items() if "sources" in fact}


def test_the_requests_are_those_of_the_documentation(specification: Path) -> None:
    expected = {
        (source, name) for name, fact in documented_requests(specification).items() for source in fact["sources"]
    }
    assert {(source, name) for source, requests in REQUESTS.items() for name in requests} == expected


@pytest.mark.parametrize(("source", "name"), [(source, name) for source in REQUESTS for name in REQUESTS[source]])
def test_a_request_matches_the_documentation(specification: Path, source: str, name: str) -> None:
    general = documented_requests(specification)[name]
    fact = {**general, **general.get("source", {}).get(source, {})}
    function = REQUESTS[source][name]
    assert function.endpoint == fact.get("endpoint", name)
    parameters = {parameter.name: parameter for parameter in function.parameters if parameter.name != "source"}
    # Of look-ups, whose parameters all sources share.
    parameters.pop("item_type_filters", None)
    assert list(parameters) == [each["name"] for each in fact["parameters"]]
    for each in fact["parameters"]:
        parameter = parameters[each["name"]]
        assert (parameter.kind.value, parameter.required) == (PARAMETER_KINDS[each["type"]], each["required"])
        assert list(parameter.values) == each.get("values", [])
    expected = {column["name"]: column for column in fact.get("columns", [])}
    columns = {column.name: column for column in function.columns}
    assert set(columns) == set(expected)
    if fact["order"] == "printed":
        assert list(columns) == list(expected)
    for column, facts in expected.items():
        assert columns[column].kind.value in KINDS[facts["type"]]
        unit = facts.get("unit", facts.get("unit_inferred", ""))
        assert (columns[column].unit.lower(), columns[column].unit_is_inferred) == (unit, "unit_inferred" in facts)


def test_the_metrics_match_the_documentation(specification: Path) -> None:
    facts = documented_requests(specification)["tick_analytics"]
    renamed = {old: new for old, new in facts["renamed"].items() if old != "note"}
    assert renamed == RENAMED_FIELDS
    assert set(METRICS) == set(facts["metrics"])
    for name, fact in facts["metrics"].items():
        metric = METRICS[name]
        assert [(each.name, each.kind.value, each.required) for each in metric.parameters] == [
            (each["name"], PARAMETER_KINDS[each["type"]], each["required"]) for each in fact["arguments"]
        ]
        assert [(each.name, each.kind.value, each.unit) for each in metric.fields.values()] == [
            (each["name"], PARAMETER_KINDS[each["type"]], each.get("unit", "")) for each in fact["fields"]
        ]


def test_a_source_has_its_own_columns_of_a_lookup() -> None:
    of_tca = find_function("lookup_symbols", "TCA")
    assert of_tca is REQUESTS["TCA"]["lookup_symbols"]
    assert find_function("lookup_symbols", "ACTIV") is FUNCTIONS["lookup_symbols"]
    assert find_function("lcGetSpreads", "ACTIV") is None
    assert find_request("TCA", "symbols") is of_tca


@pytest.mark.parametrize(
    ("endpoint", "meant"),
    [
        ("lcgetmarketshare", "lcGetMarketShare"),
        ("lc_get_market_share", "lcGetMarketShare"),
        ("lcGetMarketShares", "lcGetMarketShare"),
        ("lcGetMarketShrae", "lcGetMarketShare"),
        ("getIndexComposition", "getIndexCompositions"),
        ("lcGetMarketShareForEtf", None),
        ("lcGetEtfMarketShare", None),
        ("getEbboSizeContribution", None),
    ],
)
def test_a_name_that_differs_by_a_letter_is_misspelt_and_another_may_be_a_request(
    endpoint: str, meant: str | None
) -> None:
    assert misspelt_request("LC", endpoint) == meant


@pytest.mark.parametrize(
    ("instrument_type", "added"),
    [
        ("equities", "equities"),
        ("Equity", "equities"),
        ("FUTURE", "futures"),
        ("future option", "future_options"),
        ("options", "options"),
    ],
)
def test_an_instrument_type_adds_its_columns_in_any_spelling(instrument_type: str, added: str) -> None:
    function = FUNCTIONS["reference_data"]
    columns = function.columns_for(instrument_type=instrument_type)
    assert columns == function.columns + function.instrument_columns[added]


@pytest.mark.parametrize("instrument_type", [None, "warrants"])
def test_without_a_documented_type_the_columns_of_all_types_are_optional(instrument_type: str | None) -> None:
    function = FUNCTIONS["reference_data"]
    columns = function.columns_for(instrument_type=instrument_type)
    assert [column.name for column in columns if not column.optional] == [column.name for column in function.columns]
    names = {column.name for added in function.instrument_columns.values() for column in added}
    assert {column.name for column in columns if column.optional} == names
    assert len({column.name for column in columns}) == len(columns)


def test_names_are_sent_in_camel_case() -> None:
    assert camel_case("entity_class_filters") == "entityClassFilters"
    assert camel_case("dateFrom") == "dateFrom"


def test_every_column_has_a_description_of_one_sentence() -> None:
    for function in (*FUNCTIONS.values(), *(each for named in REQUESTS.values() for each in named.values())):
        for column in (*function.columns, *sum(function.instrument_columns.values(), ())):
            assert column.description.endswith(".")
            assert column.description[0].isupper() or column.description[0].isdigit()

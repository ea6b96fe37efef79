"""The catalogue has every documented function, parameter and column, in documented order."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tickframe.catalogue import FUNCTIONS, ChainType, TickDataFlag, TickDataType, camel_case

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
}


def test_the_catalogue_matches_the_documentation(specification: Path) -> None:
    documented = tomllib.loads((specification / "catalogue.toml").read_text())
    enums = {"TickDataType": TickDataType, "TickDataFlag": TickDataFlag, "ChainType": ChainType}
    members = documented.pop("enums")
    # Documented beside the functions, for the service's Java client.
    members["TickDataFlag"].insert(1, "USE_MARKET_UTC_TS")
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
    for function in FUNCTIONS.values():
        for column in (*function.columns, *sum(function.instrument_columns.values(), ())):
            assert column.description.endswith(".")
            assert column.description[0].isupper() or column.description[0].isdigit()

"""The documented requests of the Liquidity Cockpit, its ETF edition and TCA, by source and name.

Read from ``requests.toml``: their pages say how they are called and show what they answer, with the names of the wire.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tickframe.catalogue.data_files import read_data_file
from tickframe.catalogue.functions import FUNCTIONS, SOURCE, by_source
from tickframe.catalogue.model import Column, ColumnKind, Function, Parameter, ParameterKind

# The usual names in responses to undocumented requests for ticks.
_USUAL_TIMESTAMP = ("date", "time")


def _read_requests() -> dict[str, Mapping[str, Function]]:
    data = read_data_file("requests.toml")
    parameters = {name: _parameter(name, fields) for name, fields in data["parameters"].items()}
    columns = {name: _column(name, fields) for name, fields in data["columns"].items()}
    requests: dict[str, Mapping[str, Function]] = {}
    for source, named in data["requests"].items():
        functions = {}
        for name, fields in named.items():
            shown = named[fields["same_columns_as"]] if "same_columns_as" in fields else fields
            described = tuple(_in_request(columns, entry) for entry in shown["columns"])
            if name in FUNCTIONS:
                functions[name] = replace(FUNCTIONS[name], columns=by_source(*described))
                continue
            functions[name] = Function(
                name=name,
                endpoint=fields.get("endpoint", name),
                parameters=(SOURCE, *(parameters[each] for each in fields["parameters"])),
                columns=described,
                timestamp=tuple(fields["timestamp"]) if "timestamp" in fields else None,
                # Nothing is said of pages: if there are any, they are read.
                paged=True,
                changes_later=fields.get("changes_later", False),
            )
        requests[source] = MappingProxyType(functions)
    return requests


def _parameter(name: str, fields: Mapping[str, Any]) -> Parameter:
    alternatives = tuple(tuple(group) for group in fields.get("alternatives", ()))
    return Parameter(
        name,
        ParameterKind(fields["kind"]),
        required=fields.get("required", False),
        splits=fields.get("splits", False),
        values=tuple(fields.get("values", sum(alternatives, ()))),
        alternatives=alternatives,
    )


def _column(name: str, fields: Mapping[str, Any]) -> Column:
    return Column(
        name,
        ColumnKind(fields["kind"]),
        fields["description"],
        optional=fields.get("optional", False),
        unit=fields.get("unit", fields.get("inferred_unit", "")),
        unit_is_inferred="inferred_unit" in fields,
    )


def _in_request(columns: Mapping[str, Column], entry: str) -> Column:
    """Return a column for its entry in a request, such as ``"isin"`` or ``"isin:string"``."""
    name, _, kind = entry.partition(":")
    column = columns[name]
    if not kind or column.kind is ColumnKind(kind):
        return column
    # A text has no unit, whatever the column of that name has elsewhere.
    return replace(column, kind=ColumnKind(kind), unit="", unit_is_inferred=False)


#: The documented requests of each source by their names.
REQUESTS: Mapping[str, Mapping[str, Function]] = MappingProxyType(_read_requests())


def find_function(name: str, source: str = "") -> Function | None:
    """Return a documented function or request as the source answers it; None if it is not documented."""
    return REQUESTS.get(source, {}).get(name) or FUNCTIONS.get(name)


def find_named(name: str) -> Function | None:
    """Return a documented function or request of any source; the timestamps of those with one name are alike."""
    requests = (named[name] for named in REQUESTS.values() if name in named)
    return FUNCTIONS.get(name) or next(requests, None)


def find_request(source: str, endpoint: str) -> Function | None:
    """Return the documented request of a source by its name or its endpoint; None if it is not documented."""
    requests = REQUESTS.get(source, {})
    return requests.get(endpoint) or next((each for each in requests.values() if each.endpoint == endpoint), None)


def timestamp_columns(function: str) -> tuple[str, str] | None:
    """Return the date column and the time column of a row's timestamp.

    Parameters
    ----------
    function
        A documented function, or an endpoint, for which the usual names are returned.

    Returns
    -------
    (str, str) or None
        None if the responses of a documented function have no timestamp.
    """
    documented = find_named(function)
    return _USUAL_TIMESTAMP if documented is None else documented.timestamp


def misspelt_request(source: str, endpoint: str) -> str | None:
    """Return the documented request that an undocumented name of one differs from by a letter; None without one.

    >>> misspelt_request("LC", "lcGetMarketshares")
    'lcGetMarketShare'
    >>> misspelt_request("LC", "lcGetMarketShareForEtf")
    """
    return next((name for name in REQUESTS.get(source, {}) if _differ_by_a_letter(name, endpoint)), None)


def _differ_by_a_letter(one: str, other: str) -> bool:
    first, second = (name.replace("_", "").casefold() for name in (one, other))
    blocks = difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return max(len(first), len(second)) - sum(block.size for block in blocks) <= 1


def similar_requests(source: str, endpoint: str) -> list[str]:
    """Return the names of documented requests that resemble an undocumented one, the most similar first."""
    return difflib.get_close_matches(endpoint, list(REQUESTS.get(source, {})))

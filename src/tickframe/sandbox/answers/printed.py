"""Requests of LC, ETF-LC and TCA, answered with what the documentation prints; none of them is simulated."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd
import pyarrow as pa

from tickframe.catalogue import METRICS, REQUESTS, Column, ColumnKind, Function, ParameterKind, metric_columns
from tickframe.catalogue.metrics import METRIC_NAME
from tickframe.sandbox.answers.response import Response
from tickframe.wire.batch import ARROW_TYPES, documented_schema

_Rows = Mapping[str, list[object]]


@dataclass(frozen=True)
class _Printed:
    """A printed answer.

    Attributes
    ----------
    parameters
        Those of its request, as :func:`tickframe.sandbox.parameters.read_parameters` returns them.
    is_whole
        Whether the documentation prints all rows.
    columns
        Its values by column; days as ISO 8601.
    """

    parameters: Mapping[str, object]
    is_whole: bool
    columns: _Rows


def answer_printed(function: Function, source: str, parameters: Mapping[str, object]) -> Response:
    """Answer with the printed rows if the parameters are those of the print, otherwise with no rows.

    Parameters
    ----------
    function
        The documented request.
    source
        Its source.
    parameters
        Its checked parameters.
    """
    columns = _columns(function, parameters)
    for printed in _printed_answers():
        if (source, function.name) == printed[:2] and dict(parameters) == {"source": source, **printed[2].parameters}:
            table = _table(printed[2].columns, columns)
            rows = "row" if table.num_rows == 1 else f"{table.num_rows} rows"
            some = (
                () if printed[2].is_whole else (f"only the {rows} that the documentation prints: the service has more",)
            )
            return Response(table, some)
    return Response(
        documented_schema(columns).empty_table(),
        (f"{function.name} of {source} is not simulated: only the requests that the documentation prints have rows",),
    )


def _columns(function: Function, parameters: Mapping[str, object]) -> tuple[Column, ...]:
    metrics = parameters.get("metrics")
    # Read and checked with the other parameters.
    return function.columns if metrics is None else metric_columns(metrics)  # type: ignore[arg-type]


def _table(rows: _Rows, columns: tuple[Column, ...]) -> pa.Table:
    arrays = {}
    for column in columns:
        if column.name in rows:
            values = [_value(column.kind, each) for each in rows[column.name]]
            arrays[column.name] = pa.array(values, ARROW_TYPES[column.kind])
    return pa.table(arrays)


def _value(kind: ColumnKind, printed: object) -> object:
    return dt.date.fromisoformat(printed) if kind is ColumnKind.DATE and isinstance(printed, str) else printed


@cache
def _printed_answers() -> tuple[tuple[str, str, _Printed], ...]:
    """Return the source, the request and the content of each printed answer."""
    content = json.loads(files(__package__).joinpath("printed.json").read_text("utf-8"))
    return tuple(
        (
            each["source"],
            each["request"],
            _Printed(
                _checked(REQUESTS[each["source"]][each["request"]], each["parameters"]),
                each["is_whole"],
                each["columns"],
            ),
        )
        for each in content
    )


def _checked(function: Function, parameters: Mapping[str, object]) -> dict[str, object]:
    kinds = {parameter.name: parameter.kind for parameter in function.parameters}
    return {name: _parameter(kinds[name], value) for name, value in parameters.items()}


def _parameter(kind: ParameterKind, value: object) -> object:
    match kind, value:
        case ParameterKind.DATE, str():
            return dt.date.fromisoformat(value.replace(".", "-"))
        case ParameterKind.TIMESTAMP, str():
            return pd.Timestamp(value)
        case ParameterKind.METRICS, dict():
            return {key: _metric(metric) for key, metric in value.items()}
        case _, list():
            return tuple(value)
        case _:
            return value


def _metric(metric: Mapping[str, object]) -> dict[str, object]:
    name = str(metric[METRIC_NAME])
    kinds = {parameter.name: parameter.kind for parameter in METRICS[name].parameters}
    return {key: value if key == METRIC_NAME else _parameter(kinds[key], value) for key, value in metric.items()}

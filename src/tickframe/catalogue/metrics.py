"""The metrics of ``tick_analytics``: their arguments, their fields, and the columns that they become.

Read from ``metrics.toml``. How a metric travels is not documented: only :func:`wire_metrics` decides that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tickframe.catalogue.data_files import read_data_file
from tickframe.catalogue.model import Column, ColumnKind, Parameter, ParameterKind, camel_case

#: The key of a metric's name among its arguments.
METRIC_NAME = "metric"

# With this argument the names of a metric's columns are not documented.
_OPEN_COLUMNS = "split_by_trade_type"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes
    ----------
    name, parameters
        As documented.
    description
        What it is, in one sentence.
    fields
        The columns that can be chosen with its argument ``fields``, by name; empty if it has none and is one column.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    fields: Mapping[str, Column]


_DATA = read_data_file("metrics.toml")


def _read_metrics() -> Iterator[Metric]:
    for name, facts in _DATA["metrics"].items():
        parameters = []
        for entry in facts["arguments"]:
            argument = entry.removesuffix("!")
            kind = ParameterKind(_DATA["arguments"][argument]["kind"])
            parameters.append(Parameter(argument, kind, required=entry.endswith("!")))
        fields = {
            field: Column(field, ColumnKind(column["kind"]), unit=column.get("unit", ""))
            for field, column in facts.get("fields", {}).items()
        }
        yield Metric(name, facts["description"], tuple(parameters), MappingProxyType(fields))


#: The metrics by name.
METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _read_metrics()})

#: The names of fields today, by their names in earlier versions.
RENAMED_FIELDS: Mapping[str, str] = MappingProxyType(_DATA["renamed"])


def metric_columns(metrics: Mapping[str, Mapping[str, object]]) -> tuple[Column, ...]:
    """Return the columns of a response, in the order of the metrics and of their fields.

    Parameters
    ----------
    metrics
        Metrics by the name of their columns: each with its arguments, and its own name as ``metric``.
    """
    columns = []
    for key, arguments in metrics.items():
        metric = METRICS[str(arguments[METRIC_NAME])]
        names = arguments.get("fields", ())
        optional = bool(arguments.get(_OPEN_COLUMNS, arguments.get(camel_case(_OPEN_COLUMNS))))
        if not metric.fields:
            columns.append(Column(key, ColumnKind.FLOAT, metric.description, unit="price"))
        for name in names if isinstance(names, tuple) else ():
            field = metric.fields[name]
            columns.append(Column(f"{key}_{name}", field.kind, metric.description, optional=optional, unit=field.unit))
    return tuple(columns)


def wire_metrics(metrics: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Return metrics as they are sent: an object for each key, with the name of the metric and its arguments.

    This is inferred. The documentation shows the vendor's Python classes only; names are in camelCase as those of all
    parameters, and timestamps are timestamps even at midnight.
    """
    return {
        key: {camel_case(argument): value for argument, value in arguments.items()}
        for key, arguments in metrics.items()
    }

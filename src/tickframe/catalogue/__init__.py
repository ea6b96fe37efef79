"""The documented functions of the service (API contract 2.0.0) as data."""

from tickframe.catalogue.functions import FUNCTIONS
from tickframe.catalogue.metrics import METRICS, RENAMED_FIELDS, Metric, metric_columns, wire_metrics
from tickframe.catalogue.model import (
    ChainType,
    Column,
    ColumnKind,
    Function,
    ItemType,
    Parameter,
    ParameterKind,
    TickDataFlag,
    TickDataType,
    camel_case,
)
from tickframe.catalogue.request_format import ENUM_FORMATS, ENUM_NUMBERS, EnumFormat, RequestFormat
from tickframe.catalogue.requests import (
    REQUESTS,
    find_function,
    find_named,
    find_request,
    misspelt_request,
    similar_requests,
    timestamp_columns,
)

__all__ = [
    "ENUM_FORMATS",
    "ENUM_NUMBERS",
    "FUNCTIONS",
    "METRICS",
    "RENAMED_FIELDS",
    "REQUESTS",
    "ChainType",
    "Column",
    "ColumnKind",
    "EnumFormat",
    "Function",
    "ItemType",
    "Metric",
    "Parameter",
    "ParameterKind",
    "RequestFormat",
    "TickDataFlag",
    "TickDataType",
    "camel_case",
    "find_function",
    "find_named",
    "find_request",
    "metric_columns",
    "misspelt_request",
    "similar_requests",
    "timestamp_columns",
    "wire_metrics",
]

"""The documented functions of the service (API contract 2.0.0) as data."""

from tickframe.catalogue.functions import FUNCTIONS, timestamp_columns
from tickframe.catalogue.model import (
    ChainType,
    Column,
    ColumnKind,
    Function,
    Parameter,
    ParameterKind,
    TickDataFlag,
    TickDataType,
    camel_case,
)
from tickframe.catalogue.request_format import ENUM_FORMATS, ENUM_NUMBERS, EnumFormat, RequestFormat

__all__ = [
    "ENUM_FORMATS",
    "ENUM_NUMBERS",
    "FUNCTIONS",
    "ChainType",
    "Column",
    "ColumnKind",
    "EnumFormat",
    "Function",
    "Parameter",
    "ParameterKind",
    "RequestFormat",
    "TickDataFlag",
    "TickDataType",
    "camel_case",
    "timestamp_columns",
]

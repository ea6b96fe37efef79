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

__all__ = [
    "FUNCTIONS",
    "ChainType",
    "Column",
    "ColumnKind",
    "Function",
    "Parameter",
    "ParameterKind",
    "TickDataFlag",
    "TickDataType",
    "camel_case",
    "timestamp_columns",
]

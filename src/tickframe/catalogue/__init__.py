"""The documented functions of the service as data: parameters, columns, endpoints."""

from tickframe.catalogue.functions import FUNCTIONS
from tickframe.catalogue.model import (
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
    "Column",
    "ColumnKind",
    "Function",
    "Parameter",
    "ParameterKind",
    "TickDataFlag",
    "TickDataType",
    "camel_case",
]

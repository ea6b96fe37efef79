"""The documented functions of the service (API contract 2.0.0) as data.

Endpoints are inferred: the contract documents only ``/get/{endpoint}`` and the camelCase style.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tickframe.catalogue.days import DAYS
from tickframe.catalogue.instruments import INSTRUMENTS
from tickframe.catalogue.lookups import LOOKUPS
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
from tickframe.catalogue.ticks import TICKS

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
]

#: The functions of the service by their documented names.
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for function in (*LOOKUPS, *TICKS, *DAYS, *INSTRUMENTS)}
)

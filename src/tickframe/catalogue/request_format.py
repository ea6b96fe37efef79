"""How a request is written for the service, where its documentation leaves that open."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, get_args

from tickframe.catalogue.model import ChainType, ItemType, TickDataFlag, TickDataType, camel_case

#: How the values of enums travel.
EnumFormat = Literal["names", "numbers", "numbers_except_flags"]
ENUM_FORMATS: tuple[EnumFormat, ...] = get_args(EnumFormat)

#: The documented parameters whose values are those of an enum.
_ENUM_PARAMETERS = frozenset({"data_type", "chain_type", "flags", "item_type_filters"})

#: The numbers of enum values, by name. Those of the flags are inferred; those without one cannot be sent as a number.
ENUM_NUMBERS: Mapping[str, int] = MappingProxyType(
    {
        **{member.value: number for members in (TickDataType, ChainType) for number, member in enumerate(members)},
        **{member.value: number for number, member in enumerate(ItemType)},
        ItemType.OTHER_ITEM.value: 15,
        TickDataFlag.USE_MARKET_TS.value: 0,
        TickDataFlag.APPLY_TRADE_CORRECTIONS.value: 1,
        TickDataFlag.INCLUDE_TRADE_CONDITION_INFO.value: 5,
        TickDataFlag.INCLUDE_NON_REGULAR.value: 6,
        TickDataFlag.INCLUDE_CONTINUOUS_SESSION_ONLY.value: 7,
        TickDataFlag.EXCLUDE_CANCELLED_TRADES.value: 10,
    }
)


@dataclass(frozen=True)
class RequestFormat:
    """The names and values of a request on the wire.

    Attributes
    ----------
    parameter_names : Mapping[str, str]
        Names on the wire that replace the inferred camelCase ones, by documented name.
    enums : {"names", "numbers", "numbers_except_flags"}
        How data types, chain types and flags travel.
    source_is_parameter : bool
        Whether the source is one of the parameters.
    """

    parameter_names: Mapping[str, str] = field(default_factory=dict)
    enums: EnumFormat = "names"
    source_is_parameter: bool = True

    def sends(self, name: str) -> bool:
        """Return whether a parameter is sent as such."""
        return name != "source" or self.source_is_parameter

    def wire_name(self, name: str) -> str:
        """Return the name of a parameter on the wire."""
        return self.parameter_names.get(name, camel_case(name))

    def wire_value(self, name: str, value: object) -> object:
        """Return the value of a parameter as it is sent: the numbers of enum values, if numbers are sent.

        Raises
        ------
        ValueError
            If an enum value has no known number.
        """
        if self.enums == "names" or (self.enums == "numbers_except_flags" and name == "flags"):
            return value
        if isinstance(value, tuple) and (name in _ENUM_PARAMETERS or any(isinstance(each, StrEnum) for each in value)):
            return array("q", (_number(name, each) for each in value))
        if isinstance(value, StrEnum) or (name in _ENUM_PARAMETERS and isinstance(value, str)):
            return _number(name, value)
        return value


def _number(name: str, value: object) -> int:
    number = ENUM_NUMBERS.get(str(value))
    if number is None:
        raise ValueError(
            f"{name} {str(value)!r} has no known number, and the setting enums sends numbers: "
            'omit it, or set enums="names" or "numbers_except_flags"'
        )
    return number

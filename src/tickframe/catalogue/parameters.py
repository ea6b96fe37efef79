"""Parameters that several functions share."""

from __future__ import annotations

from tickframe.catalogue.model import Parameter, ParameterKind

SOURCE = Parameter("source", ParameterKind.STRING, required=True)
DATA_TYPE = Parameter("data_type", ParameterKind.DATA_TYPE, required=True)
SYMBOL = Parameter("symbol", ParameterKind.STRING, required=True, splits=True)
SYMBOLS = Parameter("symbols", ParameterKind.STRING_LIST, required=True)
DAY = Parameter("day", ParameterKind.DATE, required=True, splits=True)
FIRST_DAY = Parameter("first_day", ParameterKind.DATE)
LAST_DAY = Parameter("last_day", ParameterKind.DATE)
REQUIRED_FIRST_DAY = Parameter("first_day", ParameterKind.DATE, required=True)
REQUIRED_LAST_DAY = Parameter("last_day", ParameterKind.DATE, required=True)
FROM_TIME = Parameter("from_time", ParameterKind.TIME)
TO_TIME = Parameter("to_time", ParameterKind.TIME)
FLAGS = Parameter("flags", ParameterKind.FLAGS)
EXCHANGE_FILTERS = Parameter("exchange_filters", ParameterKind.STRING_LIST)

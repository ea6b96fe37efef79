"""Values as the names of directories, as in ``symbol=ZAL.XE/date=2016-05-02/``.

Readers of such directories give each column one type, which they infer from the names: ``symbol=0700``
becomes the number 700. A value that any of them would change is refused, whatever the others are.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote

import pyarrow as pa

from tickframe.location import Location

# The name of a null in the layout of Hive and its readers.
_NULL_DIRECTORY = "__HIVE_DEFAULT_PARTITION__"
# File systems allow names of 255 bytes.
_LONGEST_NAME = 255
# Readers infer 32 bits; pyarrow and pandas return larger integers as text.
_INTEGERS = range(-(2**31), 2**31)

_BOOLEANS = frozenset({"true", "false"})
_NULLS = frozenset({"", "null", _NULL_DIRECTORY.lower()})
_FLOATS = frozenset({"nan", "inf", "infinity"})
_INTEGER = re.compile(r"[+-]?(?P<digits>\d+|0x[0-9a-f][0-9a-f_]*|0b[01][01_]*|0o[0-7]+)", re.IGNORECASE)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_DIGITS_ONLY = re.compile(r"[-+.,:/_ ]*\d[-+.,:/_ \d]*")
_DATE_AND_TIME = re.compile(r"\d{1,4}([-/.]?)\d\d?\1\d{1,4}[T ]\d\d?(:?\d\d?(:?\d\d?(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?")


def directory_name(value: object) -> str:
    """Return a value as one directory name, percent-encoded, since a symbol is user input."""
    return _NULL_DIRECTORY if value is None else quote(str(value), safe="")


def directory_value(name: str, kind: pa.DataType) -> object:
    """Return the value that :func:`directory_name` named a directory after.

    Parameters
    ----------
    name
        The name.
    kind
        The Arrow type of the column.

    Raises
    ------
    ValueError
        If it is not the name of such a value.
    """
    if name == _NULL_DIRECTORY:
        return None
    text = unquote(name, errors="strict")
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(text)
    if pa.types.is_integer(kind):
        return int(text)
    return text == "True" if pa.types.is_boolean(kind) else text


def check_partition_columns(partition_by: Sequence[str], schema: pa.Schema) -> None:
    """Check that each value of the columns has one name, as floats and times of day do not.

    Parameters
    ----------
    partition_by
        The partition columns.
    schema
        The schema of the rows.

    Raises
    ------
    ValueError
        If a column is repeated, missing, or neither strings, dates, integers nor booleans.
    """
    for at, column in enumerate(partition_by):
        if column in partition_by[:at]:
            raise ValueError(f"invalid partition_by: {column!r} is repeated")
        if column not in schema.names:
            raise ValueError(
                f"invalid partition_by: the response has no column {column!r}, only {', '.join(schema.names)}"
            )
        kind = schema.field(column).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if not (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_date(kind)
            or pa.types.is_integer(kind)
            or pa.types.is_boolean(kind)
        ):
            raise ValueError(
                f"invalid partition_by: {column!r} is {kind}; only strings, dates, integers and booleans can be "
                "directories"
            )


def check_directories(column: str, values: Iterable[object]) -> None:
    """Check that all readers get the values of a partition column back from the names of its directories.

    Parameters
    ----------
    column
        The partition column.
    values
        Its values: strings, dates, integers, booleans or None.

    Raises
    ------
    ValueError
        If a reader would take a value for another one or for none, or a name is too long for file systems.
    """
    for value in values:
        if problem := _problem(column, value):
            shown = repr(value) if isinstance(value, str) else str(value)
            if len(shown) > 100:
                shown = f"{shown[:100]}..."
            raise ValueError(
                f"{column} {'null' if value is None else shown} cannot be the name of a directory: {problem}. "
                f"{_layout_that_works(column)}"
            )


class DirectoryNames:
    """The directories of a dataset, which must not fall together on its disk.

    Parameters
    ----------
    location
        The dataset. It is probed, with a temporary file, once there are names that differ in case alone.
    """

    def __init__(self, location: Location) -> None:
        self._location = location
        self._by_lower: dict[str, str] = {}
        self._ignores_case: bool | None = None

    def add(self, directories: Iterable[str]) -> None:
        """Add directories such as ``symbol=ZAL.XE``.

        Raises
        ------
        ValueError
            If one differs from another in case alone, and the disk ignores case.
        OSError
            If the location cannot be written.
        """
        for directory in directories:
            other = self._by_lower.setdefault(directory.lower(), directory)
            if other == directory:
                continue
            if self._ignores_case is None:
                self._ignores_case = _ignores_case(self._location)
            if self._ignores_case:
                column = directory.partition("=")[0]
                raise ValueError(
                    f"{' and '.join(sorted((other, directory)))} would be the same directory in {self._location}, "
                    f"whose disk ignores case. {_layout_that_works(column)}"
                )


def _layout_that_works(column: str) -> str:
    if column == "symbol":
        return "Use partition_by='date' or partition_by=[]: the symbol is then a column in the files"
    return f"Use a partition_by without {column!r}, such as []: it is then a column in the files"


def _problem(column: str, value: object) -> str:
    """Return why readers would not get a value back; empty if they do."""
    if value is None:
        return "pandas and Dask cannot read the directory of a null"
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INTEGERS:
        return "pandas and pyarrow read integers of more than 32 bits as text"
    length = len(f"{column}={directory_name(value)}")
    if length > _LONGEST_NAME:
        return f"its name has {length} bytes, and file systems allow {_LONGEST_NAME}"
    if isinstance(value, str) and (other := _taken_for(value)):
        return f"readers can take it for {other}"
    return ""


def _taken_for(text: str) -> str:
    """Return what some reader can infer from a text; empty if all readers keep it."""
    lower = text.lower()
    if lower in _NULLS:
        return "a null"
    if lower in _BOOLEANS:
        return "a boolean"
    if found := _INTEGER.fullmatch(text):
        # Python allows no leading zeros if it is to recognize prefixes.
        return f"the number {int(text.replace('_', ''), 10 if found['digits'].isdecimal() else 0)}"
    if _FLOAT.fullmatch(text):
        return f"the number {float(text)}"
    if lower.lstrip("+-") in _FLOATS:
        return "a number or a date"
    if lower == "epoch" or _DATE_AND_TIME.fullmatch(text):
        return "a date"
    if _DIGITS_ONLY.fullmatch(text):
        return "a number, a date or a time of day"
    return ""


def _ignores_case(location: Location) -> bool:
    """Return whether a file is found by its name in other case."""
    name = f"_tickframe/.case-{uuid.uuid4().hex}"
    location.write(name, b"")
    try:
        return location.exist([name.replace(".case-", ".CASE-")])
    finally:
        location.delete(name)
        location.delete_empty_parents(name)

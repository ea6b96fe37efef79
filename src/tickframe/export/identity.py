"""The identity of a dataset: service, function, kind, window, layout and columns, in ``_tickframe/dataset.json``."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any

import pyarrow as pa

from tickframe.errors import DatasetError
from tickframe.export.coverage import COVERAGE_PARAMETERS
from tickframe.export.records import FOLDER, read_document
from tickframe.location import Location
from tickframe.plan.part import Part
from tickframe.timestamps import TimeOptions

IDENTITY_FILE = f"{FOLDER}/dataset.json"
_FORMAT = 2
_WINDOW = ("from_time", "to_time")
# What another kind must share to replace a dataset.
_REPLACEABLE = ("service", "function", "columns")
# What is known once there are rows.
_OF_ROWS = frozenset({"schema", "timestamp"})


# The types of the fields in JSON. What they contain is texts, nulls, and lists of them.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "service": (str,),
    "function": (str,),
    "parameters": (dict,),
    "window": (list,),
    "columns": (list,),
    "partition_by": (list,),
    "times": (str,),
    "timestamp": (list, NoneType),
    "tz": (str, dict, NoneType),
    "order": (str,),
}


@dataclass(frozen=True)
class Identity:
    """What all parts of a dataset have in common.

    Attributes
    ----------
    service : str
        The service, as the cache names it.
    function : str
        The documented function, or the endpoint of ``Client.get``.
    parameters : Mapping[str, str or list of str]
        All parameters except symbols, days and the window.
    window : list of str or None
        The start and the end of the time window.
    columns : list of str
        The documented columns; empty if the function is not documented.
    partition_by : list of str
        The columns that are directories.
    times, order : str
        As in :meth:`tickframe.Query.to_parquet`.
    timestamp : list of str or None
        The columns that ``timestamp`` replaces, once there are rows.
    tz : str, Mapping[str, str] or None
        The time zones.
    schema : pyarrow.Schema or None
        The columns of all rows, those that are directories included; None before the first row.
    """

    service: str
    function: str
    parameters: Mapping[str, Any]
    window: Sequence[str | None]
    columns: Sequence[str]
    partition_by: Sequence[str]
    times: str
    timestamp: Sequence[str] | None
    tz: str | Mapping[str, str] | None
    order: str
    schema: pa.Schema | None = None

    @classmethod
    def of(cls, part: Part, service: str, partition_by: Sequence[str], times: TimeOptions) -> Identity:
        """Return the identity of the dataset of a query.

        Parameters
        ----------
        part
            Any of its parts.
        service
            The service.
        partition_by, times
            How to write it.
        """
        words = part.words()
        parameters = {
            name: [str(each) for each in value] if isinstance(value, tuple) else words[name]
            for name, value in sorted(part.parameters)
            if name not in COVERAGE_PARAMETERS and name not in _WINDOW and value is not None
        }
        column = times.timestamp if times.times == "timestamp" else None
        return cls(
            service=service,
            function=part.function,
            parameters=parameters,
            window=[words.get(name) for name in _WINDOW],
            columns=[column.name for column in part.columns],
            partition_by=list(partition_by),
            times=times.times,
            timestamp=None,
            tz=None if column is None else (dict(column.tz) if isinstance(column.tz, tuple) else column.tz),
            order=times.order,
        )

    @classmethod
    def read(cls, location: Location) -> Identity | None:
        """Return the identity of the dataset at a location; None if there is none.

        Raises
        ------
        DatasetError
            If version 0.1.0 or a later version wrote the dataset, its identity cannot be read, or there are Parquet
            files that no export recorded.
        OSError
            If the location cannot be read.
        """
        document = read_document(location, IDENTITY_FILE)
        if document is None:
            _check_empty(location)
            return None
        try:
            if document["format"] != _FORMAT:
                raise DatasetError(
                    f"{location} holds a dataset of format {document['format']}, which this version of tickframe does "
                    "not know: upgrade tickframe, or choose another directory"
                )
            fields = {name: document[name] for name in cls.__dataclass_fields__}
            _check_kinds(fields)
            schema = fields["schema"]
            fields["schema"] = None if schema is None else pa.ipc.read_schema(pa.py_buffer(base64.b64decode(schema)))
            return cls(**fields)
        except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
            raise _unreadable(location) from error

    def write(self, location: Location) -> None:
        """Write it, before the first file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        location.write(IDENTITY_FILE, json.dumps(self.to_document()).encode(), durable=True)
        location.flush_directories([IDENTITY_FILE])

    def to_document(self) -> dict[str, object]:
        """Return what is written."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if self.schema is not None:
            fields["schema"] = base64.b64encode(self.schema.serialize()).decode()
        return {"format": _FORMAT, **fields}

    def with_rows(self, schema: pa.Schema | None, timestamp: Sequence[str] | None) -> Identity:
        """Return the identity with the columns of its rows, and those that their ``timestamp`` replaces."""
        return replace(self, schema=schema, timestamp=timestamp)

    def differences(self, asked: Identity) -> list[str]:
        """Return what differs from the identity that is asked for, in words; the columns of rows aside."""
        there, here = _facts(self), _facts(asked)
        if self.function != asked.function:
            # All else differs with it.
            there, here = ({name: facts[name] for name in ("service", "function")} for facts in (there, here))
        return [
            f"{name} is {_shown(there.get(name))} there and {_shown(here.get(name))} here"
            for name in dict.fromkeys((*there, *here))
            if there.get(name) != here.get(name)
        ]

    def may_replace(self, there: Identity) -> bool:
        """Return whether a dataset of this identity may overwrite one that covers the same days."""
        return all(getattr(self, name) == getattr(there, name) for name in _REPLACEABLE)


def _check_kinds(fields: Mapping[str, Any]) -> None:
    wrong = [name for name, kinds in _KINDS.items() if not _is_of_kind(fields[name], kinds)]
    if wrong or len(fields["window"]) != len(_WINDOW):
        raise ValueError(f"fields of other types: {wrong or 'window'}")


def _is_of_kind(value: object, kinds: tuple[type, ...]) -> bool:
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    lists = [each for each in items if isinstance(each, list)]
    texts = [*(each for each in items if not isinstance(each, list)), *(text for each in lists for text in each)]
    return isinstance(value, kinds) and all(isinstance(each, str | NoneType) for each in texts)


def _facts(identity: Identity) -> dict[str, object]:
    facts = {name: getattr(identity, name) for name in Identity.__dataclass_fields__ if name not in _OF_ROWS}
    parameters, window = facts.pop("parameters"), facts.pop("window")
    return {**facts, **parameters, **dict(zip(_WINDOW, window, strict=True))}


def _shown(value: object) -> str:
    match value:
        case None | []:
            return "not given"
        case list():
            return ",".join(map(str, value))
        case dict():
            return ",".join(f"{suffix}: {zone}" for suffix, zone in value.items())
        case _:
            return str(value)


def _check_empty(location: Location) -> None:
    """Check that no dataset without an identity is at a location."""
    names = [name for name, _ in location.files(FOLDER, recursive=False)]
    if f"{FOLDER}/dataset.json" in names:
        raise _unreadable(location)
    if any(name.endswith(".json") for name in names):
        raise DatasetError(
            f"{location} holds a dataset that tickframe 0.1.0 wrote, which does not record what it holds: export to "
            "another directory. tf.read_dataset() reads the old one"
        )
    others = [name for name, _ in location.files() if name.endswith(".parquet") and not name.startswith(("_", "."))]
    if others:
        raise DatasetError(
            f"{location} holds Parquet files that are not of an export, {len(others):,} such as {others[0]}: choose "
            "another directory, or move them, since readers would take them for part of it"
        )


def _unreadable(location: Location) -> DatasetError:
    return DatasetError(
        f"{location} holds a dataset whose {IDENTITY_FILE} cannot be read: restore that file, or export to another "
        "directory"
    )

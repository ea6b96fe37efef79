"""Provenance: where an entry comes from, as JSON in the schema metadata of its file. Nothing in it is trusted."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from google.protobuf.message import DecodeError

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.key import FORMAT
from tickframe.errors import TickframeError
from tickframe.wire.contract import DataResponse, Value
from tickframe.wire.values import read_value, write_value

# Counts are 64-bit integers wherever they are used.
_LARGEST_COUNT = 2**63 - 1


class OtherFormatError(InvalidEntryError):
    """The entry was written by a version of tickframe with another format."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entry comes from.

    Attributes
    ----------
    digest, window : str
        The request, as in the name of the entry.
    request : Mapping[str, str]
        Service, function and parameters, as text.
    fetched : datetime.datetime
        When the response was fetched, in UTC.
    version : str
        Version of tickframe that wrote the entry.
    rows, bytes : int
        Number of rows, and length of the protobuf messages in bytes.
    warning : str
        Warning message of the service; empty if there is none.
    meta : Mapping[str, object]
        Metadata of the response.
    constant : Mapping[str, str]
        The label and date columns with the same value in all rows, and that value.
    """

    digest: str
    window: str
    request: Mapping[str, str]
    fetched: dt.datetime
    version: str
    rows: int
    bytes: int
    warning: str
    meta: Mapping[str, object]
    constant: Mapping[str, str]

    def to_json(self) -> str:
        """Return the provenance as JSON.

        Raises
        ------
        ValueError
            If the metadata of the response cannot be stored exactly.
        """
        document = {field.name: getattr(self, field.name) for field in fields(self)}
        stored = {"fetched": self.fetched.isoformat(timespec="seconds"), "meta": _write_meta(self.meta)}
        return json.dumps({"format": FORMAT, **document, **stored})

    @classmethod
    def from_json(cls, text: bytes) -> Provenance:
        """Return the provenance that JSON holds.

        Raises
        ------
        OtherFormatError
            If it is of another version of the format.
        InvalidEntryError
            If it is not what :meth:`to_json` returns.
        """
        try:
            document = json.loads(text)
            if not isinstance(document, dict):
                raise InvalidEntryError(f"its provenance is a {type(document).__name__}")
            if document.pop("format", None) != FORMAT:
                raise OtherFormatError("it has another version of the format")
            return cls._from_document(document)
        except (
            ValueError,
            OverflowError,
            RecursionError,
            DecodeError,
            TickframeError,
        ) as error:
            raise InvalidEntryError(f"its provenance is invalid: {type(error).__name__}: {error}") from error

    @classmethod
    def _from_document(cls, document: dict[str, object]) -> Provenance:
        names = {field.name for field in fields(cls)}
        if document.keys() != names:
            raise InvalidEntryError(f"its provenance has other keys: {', '.join(sorted(document.keys() ^ names))}")
        return cls(
            digest=_text(document, "digest"),
            window=_text(document, "window"),
            request=_texts(document, "request"),
            fetched=_moment(document, "fetched"),
            version=_text(document, "version"),
            rows=_count(document, "rows"),
            bytes=_count(document, "bytes"),
            warning=_text(document, "warning"),
            meta=_read_meta(_text(document, "meta")),
            constant=_texts(document, "constant"),
        )


def _text(document: Mapping[str, object], name: str) -> str:
    value = document[name]
    if not isinstance(value, str):
        raise InvalidEntryError(f"{name} in its provenance is a {type(value).__name__}")
    return value


def _texts(document: Mapping[str, object], name: str) -> Mapping[str, str]:
    value = document[name]
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise InvalidEntryError(f"{name} in its provenance is not a mapping of texts")
    return value


def _moment(document: Mapping[str, object], name: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(_text(document, name))
    if value.tzinfo is None:
        raise InvalidEntryError(f"{name} in its provenance has no time zone")
    return value.astimezone(dt.UTC)


def _count(document: Mapping[str, object], name: str) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_COUNT:
        raise InvalidEntryError(f"{name} in its provenance is not a 64-bit count")
    return value


def _write_meta(meta: Mapping[str, object]) -> str:
    message = DataResponse()
    for name, value in meta.items():
        message.meta[name].CopyFrom(Value() if value is None else write_value(value))
    text = base64.b64encode(message.SerializeToString(deterministic=True)).decode()
    if _read_meta(text) != dict(meta):
        raise ValueError("the metadata of the response cannot be stored exactly")
    return text


def _read_meta(text: str) -> Mapping[str, object]:
    message = DataResponse.FromString(base64.b64decode(text, validate=True))
    return {name: read_value(value) for name, value in message.meta.items()}

"""Responses that are not the data: refusals, and documents in place of a frame, with what they say."""

from __future__ import annotations

import contextlib
import datetime as dt
import html
import json
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from tickframe.errors import (
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    TransportError,
    UnexpectedContentError,
    UnknownEndpointError,
)
from tickframe.http.session import announces_its_end, open_body
from tickframe.wire.frames import BinaryFile, Marker

# Bytes of a document that are read; a web page may be longer.
_MAXIMUM_DOCUMENT = 64 * 1024
_MAXIMUM_DESCRIPTION = 500
# Shorter secrets are not masked: they occur inside ordinary words.
_MINIMUM_SECRET = 4

# The fields of a JSON document that can describe an error, the most telling first.
_DESCRIPTIONS = ("error_description", "message", "error")
# How a JSON document and a web page begin, after blanks and a byte order mark.
_MARKUP = (b"<", b"{", b"[")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,1000}?)</title", re.DOTALL | re.IGNORECASE)

_UNKNOWN_END = (
    "the response has neither a Content-Length nor chunks, so that nothing shows whether its last frames are missing: "
    "try again; if it is always so, a proxy or a server with HTTP/1.0 answers: bypass it (proxies=, NO_PROXY), or let "
    "it use HTTP/1.1"
)

_REFUSALS: dict[int, tuple[type[ServiceError], str]] = {
    401: (AuthenticationError, "the service refused the credentials: check user, password or token"),
    403: (PermissionDeniedError, "the account lacks permission: ask the service for access"),
    404: (UnknownEndpointError, "the service has no such endpoint: check the function, path_template and endpoints"),
    429: (RateLimitError, "too many requests: wait, or lower max_workers"),
}


def raise_for_status(response: requests.Response, *, reference_id: str = "", secrets: Sequence[str] = ()) -> None:
    """Raise the error for a response with another status than 200.

    Parameters
    ----------
    response
        The response, its body not yet read.
    reference_id
        The ID that the request was sent with, for the error.
    secrets
        Texts to mask in the service's description.

    Raises
    ------
    ServiceError
        If the status is not 200.
    """
    status = response.status_code
    if status == requests.codes.ok:
        return
    kind, message = _REFUSALS.get(status, (ServiceError, _other_refusal(status)))
    description = ""
    # The refusal counts, even if the connection fails behind it.
    with contextlib.suppress(OSError, urllib3.exceptions.HTTPError):
        description = describe(_read_document(open_body(response)), secrets)
    raise _error(kind, message, response, description, reference_id)


def framed_body(response: requests.Response, *, reference_id: str = "", secrets: Sequence[str] = ()) -> BinaryFile:
    """Return the body of a response unless it is text, whatever its content type.

    Takes what :func:`raise_for_status` does. Whether other bytes are frames is for their reader to check.

    Raises
    ------
    UnexpectedContentError
        If the body is HTML, JSON or other text in place of a frame.
    TransportError
        If the body begins like a frame, but ends with the connection: it cannot be told from one that was cut
        between two frames.
    """
    announces_end = announces_its_end(response)
    body = open_body(response)
    buffer = bytearray(1)
    first = bytes(buffer[: body.readinto(memoryview(buffer)) or 0])
    if first and first[0] in tuple(Marker) and not announces_end:
        response.close()
        raise TransportError(_UNKNOWN_END)
    if not first or first[0] in tuple(Marker):
        return _BodyFrom(first, body)
    document = first + _read_document(body)
    if not _is_text(document):
        return _BodyFrom(document, body)
    message = (
        f"expected a frame, received {_content_type(response)}: check base_url, and for a proxy or a login page that "
        "answers instead of the service"
    )
    raise _error(UnexpectedContentError, message, response, describe(document, secrets), reference_id)


def read_json(response: requests.Response, secrets: Sequence[str] = ()) -> dict[str, Any]:
    """Read a body that holds a JSON object, whatever its content type.

    Parameters
    ----------
    response
        The response, its status checked.
    secrets
        Texts to mask in the service's description.

    Raises
    ------
    UnexpectedContentError
        If it holds anything else. The error shows nothing but the title of a web page: a body may hold a token.
    TransportError
        If the connection closed before the body.
    """
    document = _read_document(open_body(response))
    if not document and "Content-Length" not in response.headers:
        # http.client takes the end of the connection for the end of the headers.
        raise TransportError("the response was cut short: connection closed after the response headers; try again")
    content = _parse(document)
    if isinstance(content, dict):
        return content
    message = f"expected a JSON object, received {_content_type(response)}: check base_url"
    raise _error(UnexpectedContentError, message, response, _one_line(_title(document), secrets), "")


def describe(document: bytes, secrets: Sequence[str] = ()) -> str:
    """Return what a document says: in one line, without control characters, secrets masked.

    Parameters
    ----------
    document
        The document. Of a JSON object its ``error_description``, otherwise its ``message``, otherwise its ``error``;
        of a web page its title; of other text the text.
    secrets
        Texts to mask.
    """
    content = _parse(document)
    if isinstance(content, dict):
        return describe_object(content, secrets)
    if isinstance(content, str):
        return _one_line(content, secrets)
    is_plain = content is None and _is_text(document) and not document.lstrip(_BLANK).startswith(_MARKUP)
    return _one_line(_decode(document) if is_plain else _title(document), secrets)


def describe_object(content: Mapping[str, object], secrets: Sequence[str] = ()) -> str:
    """Return what a JSON object says, see :func:`describe`."""
    described = (content.get(name) for name in _DESCRIPTIONS)
    return _one_line(next((text for text in described if isinstance(text, str) and text.strip()), ""), secrets)


def _error(
    kind: type[ServiceError], message: str, response: requests.Response, description: str, reference_id: str
) -> ServiceError:
    response.close()
    return kind(
        f"HTTP {response.status_code}: {message}{f'; it says: {description}' if description else ''}",
        status=response.status_code,
        description=description,
        request_id=reference_id,
        retry_after=_retry_after(response.headers.get("Retry-After", ""), response.headers.get("Date", "")),
    )


class _BodyFrom:
    """A body whose first bytes were already read."""

    def __init__(self, first: bytes, rest: BinaryFile) -> None:
        self._first = first
        self._rest = rest

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read into the start of the buffer and return the number of bytes, 0 at the end."""
        if not self._first:
            return self._rest.readinto(buffer)
        count = min(len(self._first), len(buffer))
        buffer[:count] = self._first[:count]
        self._first = self._first[count:]
        return count


def _read_document(body: BinaryFile) -> bytes:
    """Read a document, or the start of a long one."""
    buffer = bytearray(_MAXIMUM_DOCUMENT)
    filled = 0
    while arrived := body.readinto(memoryview(buffer)[filled:]):
        filled += arrived
    return bytes(buffer[:filled])


def _parse(document: bytes) -> object:
    """Return the content of a JSON document; None if it is none."""
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return None


def _title(document: bytes) -> str:
    title = _TITLE.search(_decode(document))
    return html.unescape(title[1]) if title else ""


def _decode(document: bytes) -> str:
    return document.decode("utf-8-sig", errors="replace")


def _is_text(document: bytes) -> bool:
    """Return whether bytes are text in an encoding that contains ASCII."""
    if document.lstrip(_BLANK).startswith(_MARKUP):
        return True
    return "\N{REPLACEMENT CHARACTER}" not in _decode(document) and not _CONTROL.search(document)


def _one_line(words: str, secrets: Sequence[str] = ()) -> str:
    """Return words in one line, without control characters, secrets masked."""
    for secret in secrets:
        if len(secret) >= _MINIMUM_SECRET:
            words = words.replace(secret, "***")
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(printable.split())[:_MAXIMUM_DESCRIPTION]


def _content_type(response: requests.Response) -> str:
    declared = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return _one_line(declared) or "text without a content type"


def _retry_after(header: str, date: str) -> float | None:
    """Return the seconds to wait of a Retry-After header (RFC 9110, 10.2.3), which holds seconds or a date.

    The date counts from that of the response, since the clock of this machine may be wrong.
    """
    if header.strip().isdecimal():
        return float(header)
    moment = _moment(header)
    if moment is None:
        return None
    return max(0.0, (moment - (_moment(date) or dt.datetime.now(dt.UTC))).total_seconds())


def _moment(date: str) -> dt.datetime | None:
    """Return the moment of an HTTP date; None if it is invalid."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _other_refusal(status: int) -> str:
    if 300 <= status < 400:
        return "redirects are not followed, since they would carry the token along: check base_url"
    if status >= 500:
        return "the service failed: try again later; if it still fails, give the request id to its support"
    return "the service refused the request: check its arguments"

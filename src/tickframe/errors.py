"""Every error of the package.

::

    TickframeError
    ├── SettingsError            a setting or an extra is missing
    ├── FrameError               the bytes are not complete frames
    │   ├── FrameMarkerError     the first byte is neither 0xFA nor 0xFF
    │   ├── FrameLengthError     the length is malformed, negative or over the limit
    │   ├── TruncatedFrameError  the bytes end inside a frame
    │   └── TrailingBytesError   other bytes follow the last frame
    ├── DecodeError              the message in a frame is not a table of equally long columns
    ├── NotCachedError           cache="only", and the cache does not hold the response
    ├── DatasetError             a directory holds a dataset that an export or a reader cannot use
    ├── FailedPartsError         parts failed, and their failures were collected
    ├── TransportError           no complete response: connection, TLS, timeout, proxy, cut body
    └── ServiceError             the service answered with something other than ticks
        ├── AuthenticationError  401: the password or the token was refused
        ├── PermissionDeniedError  403: the account lacks permission
        ├── UnknownEndpointError 404: the service has no such function
        ├── RateLimitError       429: too many requests
        ├── UnexpectedContentError  a web page or another document instead of a frame
        └── IncompletePagesError the pages of a lookup do not add up

Every error can be pickled, keeps its cause in ``__cause__``, and holds no secret. An invalid argument
is a plain :class:`ValueError`, raised before anything is sent.
"""

from __future__ import annotations

import inspect
import warnings

from tickframe.printable import printable

__all__ = [
    "AuthenticationError",
    "DatasetError",
    "DecodeError",
    "FailedPartsError",
    "FrameError",
    "FrameLengthError",
    "FrameMarkerError",
    "IncompletePagesError",
    "NotCachedError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServiceError",
    "SettingsError",
    "TickframeError",
    "TickframeWarning",
    "TrailingBytesError",
    "TransportError",
    "TruncatedFrameError",
    "UnexpectedContentError",
    "UnknownEndpointError",
]


class TickframeWarning(UserWarning):
    """Something to know about a response, for example that a symbol has no data on a day.

    It is a message of the service, or that a name is sent which this version does not know. ``query.outcomes`` has the
    messages of each part.
    """


class TickframeError(Exception):
    """Base class of every error of the package.

    Attributes
    ----------
    message : str
        What happened, and what to do next.
    part : str
        The request as text; empty if the error is about none.
    attempts : int
        Number of attempts at the request.
    """

    def __init__(self, message: str, *, part: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.part = part
        self.attempts = 0

    def __str__(self) -> str:
        """Return the message, followed by the request, on one line without control characters."""
        return printable(f"{self.message} [{self.part}]" if self.part else self.message)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the attributes, since the constructors take keywords."""
        return _rebuild, (type(self), self.args), self.__dict__


def _rebuild(kind: type[TickframeError], args: tuple[object, ...]) -> TickframeError:
    error = kind.__new__(kind)
    error.args = args
    return error


class SettingsError(TickframeError):
    """A setting or an extra that the call needs is missing, or the settings file is not as it should be.

    The message names it: pass the setting to :class:`tickframe.Client`, set its ``TICKFRAME_`` variable, correct
    the settings file, or install the extra.
    """


class FrameError(TickframeError):
    """The bytes are not complete frames.

    None of them are used. Try again. If it fails again, a proxy may change responses, or ``base_url`` may
    be wrong.
    """


class FrameMarkerError(FrameError):
    """A frame begins with a byte that is neither 0xFA nor 0xFF.

    The response is not from the service: check ``base_url`` and ``path_template``.
    """


class FrameLengthError(FrameError):
    """The length of a frame is malformed or negative, or the frames of a response are over the limit together.

    Request less at once (a shorter time, fewer symbols), or raise ``maximum_length``.
    """


class TruncatedFrameError(FrameError):
    """The bytes end inside a frame.

    The response was cut short. Such requests are retried, so try again later, or request less at once.
    """


class TrailingBytesError(FrameError):
    """Bytes that are not a frame follow the last complete frame.

    Try again. If it fails again, check whether a proxy adds to responses, and report it to the service.
    """


class DecodeError(TickframeError):
    """The message in a frame is not a table of equally long columns.

    If the columns of parts differ, load them with separate queries. Otherwise report the response to the
    service.

    Attributes
    ----------
    column : str
        The name of the column; empty if the error is about the whole message.
    """

    def __init__(self, message: str, *, column: str = "", part: str = "") -> None:
        super().__init__(message, part=part)
        self.column = column


class DatasetError(TickframeError):
    """A directory holds a Parquet dataset that an export or a reader cannot use.

    Export to another directory, or replace the whole dataset with ``existing="overwrite"``. The message says what is
    there and what was asked for.
    """


class FailedPartsError(TickframeError):
    """Some parts of a query failed, and their failures were collected.

    Run the query again. ``to_parquet`` to the same location requests only the missing parts.

    Attributes
    ----------
    failed : tuple of Outcome
        The outcomes of the failed parts.
    """

    def __init__(self, message: str, *, failed: tuple[object, ...] = (), part: str = "") -> None:
        super().__init__(message, part=part)
        self.failed = failed


class NotCachedError(TickframeError):
    """The query was limited to the cache, which does not hold all responses.

    Use ``cache="auto"`` to request the missing ones from the service.

    Attributes
    ----------
    parts : tuple of str
        The missing requests as text.
    """

    def __init__(self, message: str, *, parts: tuple[str, ...] = (), part: str = "") -> None:
        super().__init__(message, part=part)
        self.parts = parts or ((part,) if part else ())


class TransportError(TickframeError):
    """No complete response arrived: connection, TLS, timeout, proxy or a body cut short.

    Transient errors have been retried for up to ``retry_seconds``. Check the address, the network, and the
    settings that the message names.

    Attributes
    ----------
    passing : bool
        Whether the error is transient, so that another attempt may succeed.
    """

    def __init__(self, message: str, *, passing: bool = True, part: str = "") -> None:
        super().__init__(message, part=part)
        self.passing = passing


class ServiceError(TickframeError):
    """The service answered with something other than the requested data.

    Follow its :attr:`description`. If that does not help, give the :attr:`request_id` to its support.

    Attributes
    ----------
    status : int
        The HTTP status.
    description : str
        The description of the error by the service; empty if there is none.
    request_id : str
        The ID of the request, for the service's support; empty if there is none.
    retry_after : float or None
        Seconds that the service asks to wait; None if it does not.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        description: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        part: str = "",
    ) -> None:
        super().__init__(message, part=part)
        self.retry_after = retry_after
        self.status = status
        self.description = description
        self.request_id = request_id


class AuthenticationError(ServiceError):
    """The password or the token was refused (401).

    Check the user, the password or API key, and the client secret; replace a token that you passed.
    """


class PermissionDeniedError(ServiceError):
    """The account lacks permission for the requested data (403).

    Ask the service for access to the source, the exchange or the days.
    """


class UnknownEndpointError(ServiceError):
    """The service has no such function (404).

    Check the name of the request, ``endpoints`` and ``path_template``.
    """


class RateLimitError(ServiceError):
    """Too many requests (429).

    The request was retried within ``retry_seconds``. Try again later, or with a smaller ``max_workers``.
    """


class UnexpectedContentError(ServiceError):
    """A web page or another document arrived instead of a frame.

    Check ``base_url``, and whether a proxy or a login page answers instead of the service.
    """


class IncompletePagesError(ServiceError):
    """The pages of a lookup do not add up to the number of rows that the service announced.

    Try again, or use ``first_pages()`` for the first page alone.
    """


def warn(message: str) -> None:
    """Warn at the line that called into the package."""
    depth = 1
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("tickframe."):
        frame = frame.f_back
        depth += 1
    warnings.warn(printable(message), TickframeWarning, stacklevel=depth)

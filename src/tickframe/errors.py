"""Every error of the package.

::

    TickframeError
    ├── SettingsError            a setting is missing: no account, no extra installed
    ├── FrameError               the bytes are not whole frames
    │   ├── FrameMarkerError     the first byte is neither 0xFA nor 0xFF
    │   ├── FrameLengthError     the length is malformed, negative or over the limit
    │   ├── TruncatedFrameError  the bytes end before the frame does
    │   └── TrailingBytesError   bytes that are no frame follow the last frame
    ├── DecodeError              the message in a frame is not a table of equal columns
    ├── NotCachedError           the cache was to answer alone, and does not hold it
    ├── FailedPartsError         parts failed, and the failures were collected
    ├── TransportError           no answer arrived: connection, TLS, timeout, proxy, cut body
    └── ServiceError             the service answered something other than ticks
        ├── AuthenticationError  401: the password or the token was refused
        ├── PermissionDeniedError  403: the account may not see this
        ├── UnknownEndpointError 404: the service has no such function
        ├── RateLimitError       429: too many requests
        ├── UnexpectedContentError  a page or a document where a frame should be
        └── IncompletePagesError the pages of a lookup do not add up

Every error can be pickled, keeps its cause in ``__cause__``, and holds no secret. A wrong argument
is a plain :class:`ValueError`, raised before anything is sent.
"""

from __future__ import annotations

__all__ = [
    "AuthenticationError",
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
    """What the service said beside its answer, such as a symbol without data on that day."""


class TickframeError(Exception):
    """Base of every error of the package.

    Attributes
    ----------
    message : str
        What happened, and what to do next.
    part : str
        The request in question, in words; empty where none was under way.
    attempts : int
        How often it was asked before this error was final.
    """

    def __init__(self, message: str, *, part: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.part = part
        self.attempts = 0

    def __str__(self) -> str:
        """Return the message, and behind it the request that it is about."""
        return f"{self.message} [{self.part}]" if self.part else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by attributes, since the constructor takes keywords."""
        return _rebuild, (type(self), self.args), self.__dict__


def _rebuild(kind: type[TickframeError], args: tuple[object, ...]) -> TickframeError:
    error = kind.__new__(kind)
    error.args = args
    return error


class SettingsError(TickframeError):
    """A setting that this call needs is missing."""


class FrameError(TickframeError):
    """The bytes are not whole frames."""


class FrameMarkerError(FrameError):
    """A frame begins with a byte that is neither 0xFA nor 0xFF."""


class FrameLengthError(FrameError):
    """A frame's length is malformed, negative or over the limit."""


class TruncatedFrameError(FrameError):
    """The bytes end before the frame does."""


class TrailingBytesError(FrameError):
    """Bytes that are no frame follow the last whole frame."""


class DecodeError(TickframeError):
    """The message in a frame is not a table of columns of equal length.

    Attributes
    ----------
    column : str
        The column in question; empty where the message as a whole is.
    """

    def __init__(self, message: str, *, column: str = "", part: str = "") -> None:
        super().__init__(message, part=part)
        self.column = column


class FailedPartsError(TickframeError):
    """Some parts of a query have no answer; their failures were collected.

    Attributes
    ----------
    failed : tuple of Outcome
        What became of them.
    """

    def __init__(self, message: str, *, failed: tuple[object, ...] = (), part: str = "") -> None:
        super().__init__(message, part=part)
        self.failed = failed


class NotCachedError(TickframeError):
    """The cache was to answer alone, and does not hold what was asked for.

    Attributes
    ----------
    parts : tuple of str
        The requests that it does not hold, in words.
    """

    def __init__(self, message: str, *, parts: tuple[str, ...] = (), part: str = "") -> None:
        super().__init__(message, part=part)
        self.parts = parts or ((part,) if part else ())


class TransportError(TickframeError):
    """No answer arrived: connection, TLS, timeout, proxy or a body cut short.

    Attributes
    ----------
    passing : bool
        Whether it may pass by itself, so that asking again can help.
    """

    def __init__(self, message: str, *, passing: bool = True, part: str = "") -> None:
        super().__init__(message, part=part)
        self.passing = passing


class ServiceError(TickframeError):
    """The service answered something other than what was asked for.

    Attributes
    ----------
    status : int
        The HTTP status.
    description : str
        The service's own words; empty where it gave none.
    request_id : str
        The service's name of the answer, or else ours of the request: quote it to their support.
    retry_after : float or None
        Seconds that the service asks to wait; None where it does not say.
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
    """The password or the token was refused (401)."""


class PermissionDeniedError(ServiceError):
    """The account has no right to what was asked for (403)."""


class UnknownEndpointError(ServiceError):
    """The service has no such function (404)."""


class RateLimitError(ServiceError):
    """Too many requests (429)."""


class UnexpectedContentError(ServiceError):
    """A page or a document arrived where a frame should be."""


class IncompletePagesError(ServiceError):
    """The pages of a lookup do not add up to what the service announced."""

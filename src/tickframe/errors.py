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
    """The service said something beside its answer, such as that a symbol has no data on that day.

    The answer is whole. ``query.outcomes`` says of which parts it was said.
    """


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
    """A setting that this call needs is missing.

    The message names it: pass it to :class:`tickframe.Client`, set its ``TICKFRAME_`` variable, or
    install the extra.
    """


class FrameError(TickframeError):
    """The bytes are not whole frames.

    Nothing of them is used. Ask again; if it stays, something between here and the service changes
    answers, or ``base_url`` leads elsewhere.
    """


class FrameMarkerError(FrameError):
    """A frame begins with a byte that is neither 0xFA nor 0xFF.

    What answered is not the service: check ``base_url`` and ``path_template``.
    """


class FrameLengthError(FrameError):
    """A frame's length is malformed, negative or over the limit.

    Ask for less at once (a shorter time, fewer symbols), or raise ``maximum_length``.
    """


class TruncatedFrameError(FrameError):
    """The bytes end before the frame does.

    The answer was cut short, which usually passes: it has been asked for again already. Ask later, or
    for less at once.
    """


class TrailingBytesError(FrameError):
    """Bytes that are no frame follow the last whole frame.

    Ask again; if it stays, see whether a proxy adds to answers, and report it to the service.
    """


class DecodeError(TickframeError):
    """The message in a frame is not a table of columns of equal length.

    The message names the column. Where parts differ in their columns, ask for them in queries of
    their own; else report the answer to the service.

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

    :attr:`failed` says which, and why. Ask for these again; ``to_parquet`` into the same folder asks
    for nothing else.

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

    Ask with ``cache="auto"``, which asks the service for what is missing.

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

    What may pass by itself has been asked for again already, up to ``retry_seconds``. Check the
    address, the network, and the settings that the message names.

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

    Its own words are in :attr:`description`. Change what they complain of; quote :attr:`request_id`
    to its support where they do not help.

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
    """The password or the token was refused (401).

    Check user, password or API key, and the client secret; take a new token where you brought one.
    """


class PermissionDeniedError(ServiceError):
    """The account has no right to what was asked for (403).

    Ask the service for access to the source, the exchange or the days.
    """


class UnknownEndpointError(ServiceError):
    """The service has no such function (404).

    Check the request's name, ``endpoints`` and ``path_template``.
    """


class RateLimitError(ServiceError):
    """Too many requests (429).

    It has waited as long as :attr:`retry_after` asked, within ``retry_seconds``. Ask later, or with a
    smaller ``max_workers``.
    """


class UnexpectedContentError(ServiceError):
    """A page or a document arrived where a frame should be.

    Check ``base_url``, and whether a proxy or a login page stands between.
    """


class IncompletePagesError(ServiceError):
    """The pages of a lookup do not add up to what the service announced.

    Ask again; ``first_pages()`` has the first page alone.
    """

"""The objects and functions of the vendor's package ``xythub``."""

from __future__ import annotations

import inspect
import platform
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from tickframe.arrow_to_pandas import to_pandas_array
from tickframe.catalogue import FUNCTIONS, Function
from tickframe.client import Client
from tickframe.errors import TickframeError
from tickframe.printable import printable
from tickframe.query import Query
from tickframe.run.outcomes import Outcome
from tickframe.run.trade_conditions import trade_conditions
from tickframe.wire.contract import DataResponse, Value
from tickframe.wire.encode import encode_response
from tickframe.wire.frames import read_frames
from tickframe.wire.lists import NULL_INT64
from tickframe.wire.values import write_value


class ApiSettings:
    """The account for functions without ``connection=``, set as class attributes.

    Attributes
    ----------
    user_id, user_password, api_key : str or None
        The account; None takes a value from the environment or the keyring.
    proxies : Mapping[str, str] or None
        Proxies by scheme, as in requests; None takes those of the environment.
    replace_int_nulls : bool
        Whether nulls in integer columns are NaN, and the columns float64, instead of -2**63.
    """

    user_id: ClassVar[str | None] = None
    user_password: ClassVar[str | None] = None
    api_key: ClassVar[str | None] = None
    proxies: ClassVar[Mapping[str, str] | None] = None
    replace_int_nulls: ClassVar[bool] = False


class XytClient:
    """A connection for the ``connection=`` argument of functions.

    Parameters
    ----------
    user_id, user_password, api_key
        The account; by default from the environment or the keyring.
    proxies
        Proxies by scheme, as in requests.
    """

    _default: ClassVar[_Default | None] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        user_id: str | None = None,
        user_password: str | None = None,
        api_key: str | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        self._account = _Account(user_id, user_password, api_key)
        self._proxies = None if proxies is None else dict(proxies)
        # A crash reporter sends the local variables along with an error.
        del user_password, api_key, proxies
        self._client = self._connected()

    def __repr__(self) -> str:
        """Return the address and the user."""
        return f"<Xyt{repr(self._client).removeprefix('<')}"

    def _connected(self) -> Client:
        account = self._account
        return Client(user=account.user, password=account.password, api_key=account.api_key, proxies=self._proxies)

    @classmethod
    def default(cls) -> XytClient:
        """Return the connection with the account and the proxies of :class:`ApiSettings`, the same until they change.

        Proxies that were assigned to it remain when only the account changes.
        """
        account = _Account(ApiSettings.user_id, ApiSettings.user_password, ApiSettings.api_key, ApiSettings.proxies)
        with cls._lock:
            last = cls._default
            if last is not None and last.account == account:
                return last.connection
            keeps_assigned = last is not None and last.account.proxies == account.proxies
            connection = cls(
                account.user,
                account.password,
                account.api_key,
                last.connection.proxies if last is not None and keeps_assigned else account.proxies,
            )
            cls._default = _Default(account, connection)
            return connection

    @property
    def proxies(self) -> dict[str, str] | None:
        """Proxies by scheme, as in requests. Assign a mapping to use others from the next call on."""
        return None if self._proxies is None else dict(self._proxies)

    @proxies.setter
    def proxies(self, proxies: Mapping[str, str] | None) -> None:
        self._proxies = None if proxies is None else dict(proxies)
        self._client.close()
        self._client = self._connected()

    def check(self) -> dict[str, Any]:
        """Test connection and account (one request), and print the result.

        Returns
        -------
        dict
            What was printed: the address, the versions in use, and what the service reports about the account, or
            ``error`` if it cannot be reached or refuses.
        """
        diagnosis: dict[str, Any] = {
            "url": self._client.settings.base_url,
            "python": platform.python_version(),
            **{name: version(name) for name in ("tickframe", "pandas", "protobuf", "requests")},
        }
        try:
            diagnosis |= self._client.check()
        except TickframeError as error:
            diagnosis["error"] = f"{type(error).__name__}: {error}"
        sys.stdout.write("".join(f"{printable(f'{name}: {value}')}\n" for name, value in diagnosis.items()))
        return diagnosis

    def call(self, name: str, arguments: Mapping[str, object]) -> DataObject:
        """Call a function by its documented name, and return the response."""
        # In that library the caller reads the pages.
        query: Query = getattr(self._client, name)(**arguments).first_pages()
        return DataObject(query.to_arrow(times="documented"), query.outcomes[0])


@dataclass(frozen=True)
class _Account:
    """An account, and proxies, whose addresses may hold a password. The repr shows neither."""

    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    api_key: str | None = field(repr=False)
    proxies: Mapping[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.proxies is not None:
            # The caller may change them later.
            object.__setattr__(self, "proxies", dict(self.proxies))


class _Default(NamedTuple):
    """The default connection, and the account that it was made with."""

    account: _Account
    connection: XytClient


class DataObject:
    """The response to one call.

    Attributes
    ----------
    rows, row_count : int
        Number of rows.
    cursor : str or None
        The cursor of the next page of a lookup; None on the last page.
    total_hits : int or None
        Number of rows on all pages of a lookup.
    """

    def __init__(self, table: pa.Table, outcome: Outcome) -> None:
        self._table = table
        self._outcome = outcome
        self.rows: int = table.num_rows
        self.row_count = self.rows
        self.cursor = outcome.meta.get("cursor") or None
        self.total_hits = outcome.meta.get("total_hits")

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.rows

    def to_pandas(self) -> pd.DataFrame:
        """Return the documented columns, rows numbered.

        Returns
        -------
        pandas.DataFrame
            Integers are int64 with nulls as -2**63, or float64 with NaN if ``ApiSettings.replace_int_nulls``
            is set and there are nulls; dates datetime64[ns], times of day timedelta64[ns], labels str.
        """
        columns = {}
        for name, column in zip(self._table.column_names, self._table.columns, strict=True):
            kind = column.type
            plain = column.cast(pa.string()) if pa.types.is_dictionary(kind) else column
            columns[name] = _integers(plain) if pa.types.is_int64(kind) else to_pandas_array(plain, name)
        return pd.DataFrame(columns, index=pd.RangeIndex(self.rows), columns=self._table.column_names)

    def to_numpy(self) -> np.recarray[Any, Any]:
        """Return :meth:`to_pandas` as a NumPy record array."""
        return self.to_pandas().to_records()

    def to_csv(self, *arguments: Any, **options: Any) -> str | None:
        """Write :meth:`to_pandas` as CSV, with the arguments of :meth:`pandas.DataFrame.to_csv`."""
        written: str | None = self.to_pandas().to_csv(*arguments, **options)
        return written

    def trade_conditions(self) -> pd.DataFrame:
        """Return the meanings of the trade conditions; see :meth:`tickframe.Query.trade_conditions`."""
        return trade_conditions([self._outcome.meta])

    @cached_property
    def data(self) -> DataResponse:
        """The response as a protobuf message, encoded from the columns."""
        meta = {name: Value() if value is None else write_value(value) for name, value in self._outcome.meta.items()}
        [message] = read_frames(encode_response(self._table, warning=self._outcome.warning, meta=meta))
        return DataResponse.FromString(bytes(message))


def _integers(column: pa.ChunkedArray) -> Any:
    if column.null_count and ApiSettings.replace_int_nulls:
        return column.cast(pa.float64(), safe=False).to_numpy()
    return column.fill_null(NULL_INT64).to_numpy().copy()


def get(
    source: str,
    endpoint: str | None = None,
    connection: XytClient | None = None,
    *,
    request: str | None = None,
    **parameters: object,
) -> DataObject:
    """Call any endpoint by name; see :meth:`tickframe.Client.get`."""
    client = connection or XytClient.default()
    return client.call("get", {"source": source, "endpoint": endpoint, "request": request, **parameters})


def _vendor_function(function: Function) -> Callable[..., DataObject]:
    """Return the module's function for a documented one, with its documented signature."""
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    required = [each for each in function.parameters if each.required]
    optional = [each for each in function.parameters if not each.required]
    signature = inspect.Signature(
        [
            *(inspect.Parameter(each.name, keyword) for each in required),
            *(inspect.Parameter(each.name, keyword, default=None) for each in optional),
            inspect.Parameter("connection", keyword, default=None),
        ]
    )

    def call(*arguments: object, **keywords: object) -> DataObject:
        given = signature.bind(*arguments, **keywords).arguments
        connection = given.pop("connection", None) or XytClient.default()
        return connection.call(function.name, given)

    call.__name__ = call.__qualname__ = function.name
    call.__doc__ = f"Send the request and return the response; see :meth:`tickframe.Client.{function.name}`."
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


lookup_sources = _vendor_function(FUNCTIONS["lookup_sources"])
lookup_exchanges = _vendor_function(FUNCTIONS["lookup_exchanges"])
lookup_symbols = _vendor_function(FUNCTIONS["lookup_symbols"])
tick_data = _vendor_function(FUNCTIONS["tick_data"])
tick_aggregated = _vendor_function(FUNCTIONS["tick_aggregated"])
tick_snapshot = _vendor_function(FUNCTIONS["tick_snapshot"])
order_data = _vendor_function(FUNCTIONS["order_data"])
auction_data = _vendor_function(FUNCTIONS["auction_data"])
end_of_day = _vendor_function(FUNCTIONS["end_of_day"])
settlement_prices = _vendor_function(FUNCTIONS["settlement_prices"])
reference_data = _vendor_function(FUNCTIONS["reference_data"])
instrument_status = _vendor_function(FUNCTIONS["instrument_status"])
tick_rules = _vendor_function(FUNCTIONS["tick_rules"])
chain = _vendor_function(FUNCTIONS["chain"])

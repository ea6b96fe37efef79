"""A minimal client that shows what the sandbox sends, in plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
import requests

from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataRequest, DataResponse, Value
from tickframe.wire.frames import read_frames, write_frame

NULL = -(2**63)


@dataclass(frozen=True)
class Reply:
    """A decoded response."""

    response: DataResponse

    @property
    def columns(self):
        """Return the columns on the wire as lists, by name."""
        return {
            name: list(getattr(values, values.WhichOneof("list_type")).values)
            for name, values in self.response.data.columns.items()
        }

    @property
    def kinds(self):
        return {name: values.WhichOneof("list_type") for name, values in self.response.data.columns.items()}

    @property
    def warning(self):
        return self.response.header.warning_message

    @property
    def meta(self):
        return self.response.meta

    def frame(self):
        """Return the columns as a DataFrame; null integers are NA, null doubles NaN."""
        frame = pd.DataFrame(self.columns)
        for name, kind in self.kinds.items():
            if kind == "integer_list":
                frame[name] = frame[name].astype("Int64").mask(frame[name] == NULL)
        return frame


class Caller:
    """A client with a token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.renew()

    def renew(self):
        response = grant(self.sandbox)
        assert response.status_code == 200, response.text
        self.session.headers["Authorization"] = f"Bearer {response.json()['access_token']}"

    def post(self, endpoint, **parameters):
        request = DataRequest()
        request.header.reference_id.value = "the caller's own"
        for name, value in parameters.items():
            request.parameters[name].CopyFrom(as_value(value))
        return self.post_bytes(endpoint, write_frame(request.SerializeToString()))

    def post_bytes(self, endpoint, body):
        return self.session.post(f"{self.sandbox.url}/get/{endpoint}", data=body, timeout=30)

    def ask(self, endpoint, **parameters):
        response = self.post(endpoint, **parameters)
        assert response.status_code == 200, response.text
        assert response.content[0] == 0xFA
        (message,) = read_frames(response.content)
        return Reply(DataResponse.FromString(bytes(message)))

    def refusal(self, endpoint, **parameters):
        """Return the description of a request that must be refused with 400."""
        response = self.post(endpoint, **parameters)
        assert response.status_code == 400, response.content[:200]
        return response.json()["error_description"]


def grant(sandbox, **changes):
    """Request a token; ``client_secret`` and form fields can be changed, and None omits a field."""
    secret = changes.pop("client_secret", sandbox.client_secret)
    form = {"grant_type": "password", "username": sandbox.user, "password": sandbox.password, **changes}
    return requests.post(
        f"{sandbox.url}/auth/oauth/token",
        auth=("xyt", secret),
        data={name: value for name, value in form.items() if value is not None},
        timeout=30,
    )


def as_value(value):
    if isinstance(value, Value):
        return value
    if isinstance(value, str):
        return Value(string_value=value)
    if isinstance(value, int):
        return Value(integer_value=value)
    message = Value()
    message.list.string_list.values.extend(value)
    return message


def same(left, right):
    """Return whether two lists are equal, where NaN equals NaN."""
    return len(left) == len(right) and all(
        one == other or (isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other))
        for one, other in zip(left, right, strict=True)
    )

"""What a sandbox wants and sends in each dialect, on the wire."""

from __future__ import annotations

import pytest
import requests

from tickframe.sandbox import Dialect, Sandbox
from tickframe.wire.contract import DataRequest, DataResponse, Value
from tickframe.wire.contract.types_pb2 import IntegerList, ValueList
from tickframe.wire.frames import read_frames, write_frame

TRADES = {"dataType": "TRADES", "symbol": "ZAL.XE", "day": "2016-05-05", "fromTime": "09:00", "toTime": "09:01"}


def post(sandbox: Sandbox, path: str, auth_path: str = "/auth", **parameters: object) -> requests.Response:
    """Send a request with a token of its own; values are strings, integers or Values."""
    token = requests.post(
        f"{sandbox.url}{auth_path}/oauth/token",
        data={"grant_type": "password", "username": sandbox.user, "password": sandbox.password},
        auth=("xyt", sandbox.client_secret),
        timeout=10,
    ).json()["access_token"]
    request = DataRequest()
    for name, value in parameters.items():
        sent = value if isinstance(value, Value) else Value(**_field(value))
        request.parameters[name].CopyFrom(sent)
    return requests.post(
        sandbox.url + path,
        data=write_frame(request.SerializeToString()),
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def _field(value: object) -> dict[str, object]:
    return {"integer_value": value} if isinstance(value, int) else {"string_value": value}


def rows(response: requests.Response) -> int:
    assert response.status_code == 200, response.text
    [message] = read_frames(response.content)
    columns = DataResponse.FromString(bytes(message)).data.columns
    return max(len(getattr(each, each.WhichOneof("list_type")).values) for each in columns.values())


@pytest.mark.parametrize(
    ("source", "path"),
    [("path", "/get/ACTIV/tickData"), ("query", "/get/tickData?source=ACTIV"), ("omitted", "/get/tickData")],
)
def test_a_source_that_is_no_parameter_is_refused_as_one(source: str, path: str) -> None:
    with Sandbox(dialect=Dialect(source=source)) as sandbox:  # type: ignore[arg-type]
        assert rows(post(sandbox, path, **TRADES)) > 0
        refused = post(sandbox, path, **TRADES, source="ACTIV")
        assert (refused.status_code, refused.json()["error_description"]) == (
            400,
            "tickData has no parameter 'source'",
        )
        if source != "omitted":
            missing = post(sandbox, "/get/tickData", **TRADES)
            assert "needs the parameter 'source'" in missing.json()["error_description"]


def test_names_are_refused_where_numbers_are_wanted() -> None:
    flags = Value(list=ValueList(integer_list=IntegerList(values=[6, 10])))
    with Sandbox(dialect=Dialect(enums="numbers")) as sandbox:
        assert rows(post(sandbox, "/get/tickData", **{**TRADES, "dataType": 0}, source="ACTIV", flags=flags)) > 0
        assert post(sandbox, "/get/tickData", **TRADES, source="ACTIV").status_code == 400
        unknown = post(sandbox, "/get/tickData", **{**TRADES, "dataType": 9}, source="ACTIV")
        assert "unknown number 9: expected one of 0, 1, 2" in unknown.json()["error_description"]


def test_errors_of_spring() -> None:
    with Sandbox(dialect=Dialect(errors="spring")) as sandbox:
        refused = post(sandbox, "/get/nothing")
    assert set(refused.json()) == {"timestamp", "status", "error", "message", "path"}
    assert refused.json()["status"] == refused.status_code == 404
    assert (refused.json()["error"], refused.json()["path"]) == ("Not Found", "/get/nothing")
    assert "unknown endpoint 'nothing'" in refused.json()["message"]


def test_errors_without_words() -> None:
    with Sandbox(dialect=Dialect(errors="bare", auth_path="/login")) as sandbox:
        for path in ("/get/nothing", "/get/tickData", "/nowhere"):
            refused = post(sandbox, path, auth_path="/login")
            assert (refused.status_code, refused.content) == (400, b"")
        assert requests.get(f"{sandbox.url}/login/user", timeout=10).status_code == 401


def test_the_last_page_repeats_the_cursor_that_it_was_requested_with() -> None:
    with Sandbox(dialect=Dialect(repeats_cursor=True)) as sandbox:
        pages = [
            DataResponse.FromString(bytes(next(read_frames(post(sandbox, "/get/symbols", **sent).content))))
            for sent in (
                {"source": "ACTIV", "pageLimit": 1},
                {"source": "ACTIV", "pageLimit": 10_000, "cursor": "1"},
            )
        ]
    assert [page.meta["cursor"].string_value for page in pages] == ["1", "1"]

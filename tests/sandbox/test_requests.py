"""Frames, endpoints and parameters: accepted forms and refusals."""

import pytest
import requests

from tests.sandbox.caller import as_value
from tickframe.wire.contract import DataRequest, Value
from tickframe.wire.frames import Marker, write_frame

DAY = "2016-05-05"
ZAL = {"source": "ACTIV", "dataType": "TRADES", "symbol": "ZAL.XE", "day": DAY, "fromTime": "10:00", "toTime": "10:01"}


def test_the_header_has_the_ids_of_the_request(caller):
    """A response has a new request id and the reference id of its request."""
    first, second = caller.ask("sources").response.header, caller.ask("sources").response.header
    assert len(first.request_id.value) == 36
    assert first.request_id.value != second.request_id.value
    assert first.reference_id.value == "the caller's own"


@pytest.mark.parametrize(
    "body",
    [b"", b"no frame", b"\xfa\x05ab", b"\xfa\x02\xff\xff", write_frame(b"") * 2, write_frame(b"") + b"tail"],
)
def test_a_malformed_frame_is_refused(caller, body):
    """A body that is not one frame with a DataRequest is 400 with JSON."""
    response = caller.post_bytes("sources", body)
    assert response.status_code == 400
    assert response.json()["error_description"]


@pytest.mark.parametrize("path", ["/get/sources", "/auth/oauth/token"])
def test_a_body_beyond_four_megabytes_is_refused(caller, sandbox, path):
    """With 413 and JSON; a body of four megabytes is read and refused for what it is."""
    auth = ("xyt", sandbox.client_secret) if path.startswith("/auth") else None
    longest = 4 * 1024 * 1024
    for length, status in ((longest, 400), (longest + 1, 413)):
        for body in (bytes(length), iter([bytes(length)])):
            response = caller.session.post(sandbox.url + path, data=body, auth=auth, timeout=30)
            assert response.status_code == status
            assert response.json()["error_description"]


def test_both_frame_markers_are_accepted(caller):
    """A request can have a frame of either kind."""
    for marker in Marker:
        assert caller.post_bytes("sources", write_frame(DataRequest().SerializeToString(), marker)).status_code == 200


def test_an_unknown_endpoint_is_404(caller, sandbox):
    """The response suggests similar endpoints; other paths are 404 with JSON too."""
    response = caller.post("tickDate")
    assert response.status_code == 404
    assert "tickData" in response.json()["error_description"]
    response = requests.get(f"{sandbox.url}/nowhere", timeout=30)
    assert response.status_code == 404
    assert response.json()["error_description"]


def test_a_wrong_method_is_405(caller, sandbox):
    """Data is requested with POST."""
    assert caller.session.get(f"{sandbox.url}/get/sources", timeout=30).status_code == 405


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": None}, ["symbol", "needs"]),
        ({"symbol": Value()}, ["symbol", "needs"]),
        ({"symbol": 5}, ["symbol", "string", "integer_value"]),
        ({"symbol": ["ZAL.XE"]}, ["symbol", "string_list"]),
        ({"source": "ACTIVE"}, ["ACTIVE", "did you mean ACTIV?"]),
        ({"dataType": "trades"}, ["trades", "did you mean TRADES"]),
        ({"day": "2016-02-30"}, ["day", "2016-02-30"]),
        ({"day": "5 May"}, ["day", "5 May"]),
        ({"day": "2016-05.05"}, ["day"]),
        ({"day": Value(timestamp_value=1)}, ["day", "midnight"]),
        ({"day": Value(days_value=2**31 - 1)}, ["day", "calendar"]),
        ({"fromTime": "25"}, ["fromTime", "25"]),
        ({"fromTime": "10:61"}, ["fromTime"]),
        ({"fromTime": "10:00:00.0000000001"}, ["fromTime"]),
        ({"fromTime": Value(nanoseconds_value=-1)}, ["fromTime"]),
        ({"fromTime": "11:00"}, ["toTime", "before"]),
        ({"flags": ["USE_MARKET_TIME"]}, ["flags", "did you mean USE_MARKET_TS"]),
        ({"flags": "USE_MARKET_TS"}, ["flags", "list"]),
        ({"fromtime": "10:00"}, ["fromtime", "did you mean fromTime"]),
    ],
)
def test_an_invalid_parameter_is_refused_by_name(caller, changes, words):
    """The description names the invalid parameter, and suggests similar values."""
    parameters = {name: value for name, value in {**ZAL, **changes}.items() if value is not None}
    description = caller.refusal("tickData", **parameters)
    for word in words:
        assert word in description


@pytest.mark.parametrize(
    "day",
    [
        "2016.05.05",
        Value(days_value=16926),
        Value(timestamp_value=16926 * 86_400 * 10**9),
        pytest.param("date_value", id="date_value"),
    ],
)
def test_a_day_in_every_form(caller, day):
    """A day can be sent in each of its forms."""
    if day == "date_value":
        day = Value()
        day.date_value.days = 16926
    assert caller.ask("tickData", **{**ZAL, "day": day}).columns == caller.ask("tickData", **ZAL).columns


def test_a_time_in_every_form(caller):
    """A time of day can be sent in each of its forms."""
    ten = 36_000_000
    deprecated = Value()
    deprecated.time_value.milliseconds = ten
    forms = ["10:00:00", "10:00:00.000000000", Value(milliseconds_value=ten), Value(nanoseconds_value=ten * 10**6)]
    expected = caller.ask("tickData", **ZAL).columns
    for form in (*forms, deprecated):
        assert caller.ask("tickData", **{**ZAL, "fromTime": form}).columns == expected


def test_a_list_in_both_forms(caller):
    """A list of strings can be sent as such or as a mixed list."""
    mixed = Value()
    mixed.list.mixed_list.values.append(as_value("USE_MARKET_TS"))
    columns = caller.ask("tickData", **ZAL, flags=mixed).columns
    assert columns == caller.ask("tickData", **ZAL, flags=["USE_MARKET_TS"]).columns

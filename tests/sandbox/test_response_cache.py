"""Cached responses: the same frame with new ids, in bounded memory."""

import pytest

from tests.sandbox.caller import Caller, as_value
from tickframe.sandbox import Sandbox
from tickframe.sandbox.response_cache import EncodedResponse, ResponseCache
from tickframe.wire.contract import DataRequest, DataResponse
from tickframe.wire.frames import read_frames, write_frame

TICKS = {"source": "ACTIV", "symbol": "ZAL.XE", "day": "2016-05-05", "toTime": "09:30", "dataType": "TRADES"}
WITH_META = {**TICKS, "flags": ["INCLUDE_TRADE_CONDITION_INFO"]}
WITH_WARNING = {**TICKS, "symbol": "ZAL.XX"}


@pytest.fixture(scope="module")
def caching():
    with Sandbox(kept_bytes=64 * 1024 * 1024) as sandbox:
        caller = Caller(sandbox)
        with caller.session:
            yield caller


def response_to(caller, reference_id, parameters):
    """Return the message of a response, whose length is that in its HTTP headers and in its frame."""
    request = DataRequest()
    request.header.reference_id.value = reference_id
    for name, value in parameters.items():
        request.parameters[name].CopyFrom(as_value(value))
    response = caller.post_bytes("tickData", write_frame(request.SerializeToString()))
    assert int(response.headers["Content-Length"]) == len(response.content)
    (message,) = read_frames(response.content)
    return DataResponse.FromString(bytes(message))


@pytest.mark.parametrize("parameters", [TICKS, WITH_META, WITH_WARNING])
def test_a_cached_response_equals_a_new_one_except_for_its_ids(caller, caching, parameters):
    """The reference id is that of the request, and the request id is new."""
    fresh, first, cached = (
        response_to(each, name, parameters) for each, name in ((caller, "a"), (caching, "bb"), (caching, "c" * 300))
    )
    assert [each.header.reference_id.value for each in (fresh, first, cached)] == ["a", "bb", "c" * 300]
    assert len({each.header.request_id.value for each in (fresh, first, cached)}) == 3
    for each in (fresh, first, cached):
        each.header.ClearField("reference_id")
        each.header.ClearField("request_id")
    assert fresh == first == cached


def test_other_parameters_have_another_response(caller, caching):
    """Whatever was cached before."""
    for change in ({}, {"toTime": "09:20"}, {"dataType": "QUOTES"}, {"symbol": "ADS.XE"}, {"day": "2016-05-04"}):
        parameters = {**TICKS, **change}
        cached, fresh = (response_to(each, "x", parameters).data for each in (caching, caller))
        # In some versions of protobuf a NaN differs from itself.
        assert cached.SerializeToString(deterministic=True) == fresh.SerializeToString(deterministic=True)


def test_a_cached_response_is_not_computed_again(market_calls):
    """Even if the parameters are in another order."""
    caller, calls = market_calls
    for parameters in (TICKS, dict(reversed(TICKS.items())), TICKS):
        response_to(caller, "x", parameters)
    assert len(calls) == 1


@pytest.fixture
def market_calls(monkeypatch):
    """Yield a client of a sandbox that caches responses, and the list of calls of its market."""
    with Sandbox(kept_bytes=64 * 1024 * 1024) as sandbox:
        trades, calls = sandbox._market.trades, []
        monkeypatch.setattr(sandbox._market, "trades", lambda *call: (calls.append(call), trades(*call))[1])
        caller = Caller(sandbox)
        with caller.session:
            yield caller, calls


def request_for(symbol):
    request = DataRequest()
    request.parameters["symbol"].string_value = symbol
    return request


def test_the_cache_is_bounded_in_bytes_and_removes_the_least_recently_used_first():
    """A response larger than the limit is returned, but not cached."""
    cache = ResponseCache(max_bytes=100)
    made = []

    def ask(symbol, size=40, endpoint="tickData"):
        def make():
            made.append(symbol)
            return EncodedResponse(memoryview(bytes(size)), "", {})

        assert len(cache.get(endpoint, request_for(symbol), make).table) == size

    for symbol in ("A", "B", "A", "C", "A", "B"):
        ask(symbol)
    assert made == ["A", "B", "C", "B"]
    ask("larger", 101)
    ask("larger", 101)
    ask("A", endpoint="tickAggregated")
    assert made[4:] == ["larger", "larger", "A"]
    assert sum(len(response.table) for response in cache._responses.values()) <= 100


def test_a_cache_of_no_bytes_caches_nothing():
    """By default the sandbox computes every response."""
    cache = ResponseCache(max_bytes=0)
    made = [cache.get("tickData", request_for("A"), lambda: EncodedResponse(memoryview(b""), "", {})) for _ in range(2)]
    assert made[0] is not made[1]

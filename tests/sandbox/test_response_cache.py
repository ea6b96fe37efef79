"""Answers that are kept encoded: the same frame under another name, in bounded memory."""

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
def keeping():
    with Sandbox(kept_bytes=64 * 1024 * 1024) as sandbox:
        caller = Caller(sandbox)
        with caller.session:
            yield caller


def answer_to(caller, reference_id, asked):
    """Return the message of one frame of exactly the length that HTTP and the frame announce."""
    request = DataRequest()
    request.header.reference_id.value = reference_id
    for name, value in asked.items():
        request.parameters[name].CopyFrom(as_value(value))
    answer = caller.post_bytes("tickData", write_frame(request.SerializeToString()))
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    (message,) = read_frames(answer.content)
    return DataResponse.FromString(bytes(message))


@pytest.mark.parametrize("asked", [TICKS, WITH_META, WITH_WARNING])
def test_a_kept_answer_is_the_fresh_one_under_the_new_request_s_name(caller, keeping, asked):
    """A request's name for itself, and the service's for its answer, are never another one's."""
    fresh, first, kept = (
        answer_to(each, name, asked) for each, name in ((caller, "a"), (keeping, "bb"), (keeping, "c" * 300))
    )
    assert [each.header.reference_id.value for each in (fresh, first, kept)] == ["a", "bb", "c" * 300]
    assert len({each.header.request_id.value for each in (fresh, first, kept)}) == 3
    for each in (fresh, first, kept):
        each.header.ClearField("reference_id")
        each.header.ClearField("request_id")
    assert fresh == first == kept


def test_what_is_asked_for_tells_answers_apart(caller, keeping):
    """Whatever was kept before."""
    for change in ({}, {"toTime": "09:20"}, {"dataType": "QUOTES"}, {"symbol": "ADS.XE"}, {"day": "2016-05-04"}):
        asked = {**TICKS, **change}
        kept, fresh = (answer_to(each, "x", asked).data for each in (keeping, caller))
        # To some versions of protobuf a NaN differs from itself.
        assert kept.SerializeToString(deterministic=True) == fresh.SerializeToString(deterministic=True)


def test_an_answer_is_made_once_while_it_is_kept(market_calls):
    """Also where the parameters come in another order."""
    caller, calls = market_calls
    for asked in (TICKS, dict(reversed(TICKS.items())), TICKS):
        answer_to(caller, "x", asked)
    assert len(calls) == 1


@pytest.fixture
def market_calls(monkeypatch):
    """Return a caller of a sandbox that keeps answers, and the days that its market was asked for."""
    with Sandbox(kept_bytes=64 * 1024 * 1024) as sandbox:
        trades, calls = sandbox._market.trades, []
        monkeypatch.setattr(sandbox._market, "trades", lambda *asked: (calls.append(asked), trades(*asked))[1])
        caller = Caller(sandbox)
        with caller.session:
            yield caller, calls


def request_for(symbol):
    request = DataRequest()
    request.parameters["symbol"].string_value = symbol
    return request


def test_kept_answers_are_bounded_in_bytes_and_the_least_recently_used_goes_first():
    """An answer beyond the bound is given, and not kept."""
    kept = ResponseCache(max_bytes=100)
    made = []

    def ask(symbol, size=40, endpoint="tickData"):
        def make():
            made.append(symbol)
            return EncodedResponse(memoryview(bytes(size)), "", {})

        assert len(kept.get(endpoint, request_for(symbol), make).table) == size

    for symbol in ("A", "B", "A", "C", "A", "B"):
        ask(symbol)
    assert made == ["A", "B", "C", "B"]
    ask("larger", 101)
    ask("larger", 101)
    ask("A", endpoint="tickAggregated")
    assert made[4:] == ["larger", "larger", "A"]
    assert sum(len(answer.table) for answer in kept._responses.values()) <= 100


def test_nothing_is_kept_unless_it_is_asked_for():
    """The usual sandbox works every answer out."""
    kept = ResponseCache(max_bytes=0)
    made = [kept.get("tickData", request_for("A"), lambda: EncodedResponse(memoryview(b""), "", {})) for _ in range(2)]
    assert made[0] is not made[1]

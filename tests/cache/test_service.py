"""A response is fetched once; when it is cached, only its origin differs from a fresh one."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import tickframe as tf
from tests.faults.server import FaultServer, answer, refusal
from tests.faults.ticks import ask, framed_ticks, symbols, ticks_for
from tests.test_documented_responses import CASES, QUERIES, symbols_for
from tickframe.catalogue import FUNCTIONS
from tickframe.errors import NotCachedError, SettingsError, TransportError
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import read_frames, write_frame
from tickframe.wire.values import write_value

DAY = "2016-05-05"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


def cached_client(server: FaultServer, folder: Path | str | tf.Cache, **settings: object) -> tf.Client:
    return tf.Client(server.url, token="t", cache=folder, **settings)


def origins(query: tf.Query) -> list[str]:
    return [outcome.origin for outcome in query.outcomes]


def loaded(query: tf.Query, **options: object) -> tuple[pd.DataFrame, pa.Table, list[tuple[object, ...]]]:
    """Return everything that a user can see of a result, except its origin and duration."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        table = query.to_arrow(**options)
        frame = query.to_pandas(index=None, **options)
    seen = [(str(each.part), each.rows, each.bytes, each.warning, each.meta) for each in query.outcomes]
    return frame, table.unify_dictionaries().combine_chunks(), [*seen, *sorted({str(each.message) for each in warned})]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_cached_response_equals_a_fresh_one(sandbox: Sandbox, tmp_path: Path, name: str, kind: str) -> None:
    """Schema, values, order, dtypes, categories, warnings and meta, of every function."""
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        symbols = ["=DJX.W"] if (name, kind) == ("chain", "OPTIONS") else symbols_for(client, name, kind)
        query = QUERIES[name](client, symbols, kind)
        if (name, kind) == ("chain", "OPTIONS"):
            query = client.chain("ACTIV", "=DJX.W", "OPRA_COMPOSITE", "2016-09-02", chain_type=kind)
        fresh = loaded(query, cache="off")
        query.to_arrow()
        cached = loaded(query)
        is_dated = FUNCTIONS[name].dated
        assert set(origins(query)) == ({"cache"} if is_dated else {"service"})
    pd.testing.assert_frame_equal(cached[0], fresh[0], check_exact=True, check_categorical=True)
    assert cached[1].schema.equals(fresh[1].schema, check_metadata=True)
    assert cached[1].equals(fresh[1])
    assert cached[2] == fresh[2]


@pytest.mark.parametrize("flags", [None, ["INCLUDE_TRADE_CONDITION_INFO"], ["INCLUDE_CONTINUOUS_SESSION_ONLY"]])
@pytest.mark.parametrize(
    ("from_time", "to_time"), [("09:00", "09:10"), ("12:00", None), (None, "08:00"), ("03:00", "03:01")]
)
def test_a_narrower_window_equals_a_fresh_one(
    sandbox: Sandbox, tmp_path: Path, flags: list[str] | None, from_time: str | None, to_time: str | None
) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        for data_type in tf.TickDataType:
            client.tick_data("ACTIV", "ZAL.XE", DAY, data_type=data_type, flags=flags).to_arrow()
            query = client.tick_data(
                "ACTIV", "ZAL.XE", DAY, data_type=data_type, flags=flags, from_time=from_time, to_time=to_time
            )
            cut, _, _ = loaded(query)
            pd.testing.assert_frame_equal(cut, loaded(query, cache="off")[0], check_exact=True, check_categorical=True)


def test_a_window_is_cut_from_the_day_without_a_request(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        query = client.tick_data(
            "ACTIV", "S000", DAY, data_type="TRADES", from_time="09:00", to_time="09:00:00.000000002"
        )
        assert query.to_arrow()["trade_size"].to_pylist() == [0, 1, 2]
        assert origins(query) == ["cache"]
        assert len(server.received) == 1
        wider = client.tick_data("ACTIV", "S000", DAY, data_type="QUOTES", from_time="09:00")
        assert wider.parts()["cached"].tolist() == [False]


@pytest.mark.parametrize("change", ["warning", "meta", "null"])
def test_no_window_is_cut_where_the_service_might_say_something_else(
    server: FaultServer, tmp_path: Path, change: str
) -> None:
    response = DataResponse.FromString(bytes(next(read_frames(framed_ticks("S000")))))
    if change == "warning":
        response.header.warning_message = "S000 was renamed"
    elif change == "meta":
        response.meta["conditions"].CopyFrom(write_value("XT"))
    else:
        response.data.columns["time"].nanoseconds_list.values[4] = -(2**63)
    server.script(answer(write_frame(response.SerializeToString())))
    with cached_client(server, tmp_path) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", tf.TickframeWarning)
        ask(client).to_arrow()
        window = client.tick_data("ACTIV", "S000", DAY, data_type="TRADES", from_time="09:00")
        assert window.parts()["cached"].tolist() == [False]
        window.to_arrow()
        assert origins(window) == ["service"]


def test_bars_of_a_window_are_not_cut_from_the_day(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        client.tick_aggregated("ACTIV", "ZAL.XE", DAY, data_type="TRADES").to_arrow()
        query = client.tick_aggregated("ACTIV", "ZAL.XE", DAY, data_type="TRADES", from_time="10:00")
        query.to_arrow()
        assert origins(query) == ["service"]


def test_the_second_load_sends_no_request(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        first = ask(client, symbols(20)).to_pandas()
    asked = len(server.received)
    with cached_client(server, tmp_path) as client:
        query = ask(client, symbols(20))
        pd.testing.assert_frame_equal(query.to_pandas(), first)
        assert (set(origins(query)), {outcome.attempts for outcome in query.outcomes}) == ({"cache"}, {0})
    assert len(server.received) == asked == 20


def test_writing_to_a_frame_does_not_change_what_is_cached(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        frame = ask(client).to_pandas()
        frame["trade"] = -1.0
        frame.loc[:, "trade_size"] = 7
        client.cache.flush()
        again = ask(client).to_pandas()
        again.iloc[:, :] = again.iloc[::-1].to_numpy()
        assert ask(client).to_pandas()["trade_size"].tolist() == [0, 1, 2, 3, 4]


def test_an_empty_response_is_cached(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-07", data_type="TRADES")
        for origin in ("service", "cache"):
            with pytest.warns(tf.TickframeWarning, match="no data for ZAL.XE on 2016-05-07"):
                assert query.to_pandas().empty
            assert origins(query) == [origin]


def test_a_day_that_may_still_change_is_fetched_each_time(server: FaultServer, tmp_path: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    with cached_client(server, tmp_path) as client:
        for days in (0, 1):
            query = client.tick_data("ACTIV", "S000", today - dt.timedelta(days=days), data_type="TRADES")
            query.to_arrow()
            query.to_arrow()
            assert origins(query) == ["service"]
            with pytest.raises(NotCachedError, match="parts"):
                query.to_arrow(cache="only")
        assert client.cache.info().entries == 0


def test_a_failure_is_not_cached(server: FaultServer, tmp_path: Path) -> None:
    server.script(refusal(404, "no such function"))
    with cached_client(server, tmp_path) as client:
        with pytest.raises(tf.errors.UnknownEndpointError):
            ask(client).to_arrow()
        assert client.cache.info().entries == 0


def test_refresh_fetches_and_caches_again(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        assert ask(client).to_arrow().num_rows == 5
        server.script(answer(framed_ticks("S000", rows=9)))
        assert ask(client).to_arrow().num_rows == 5
        assert ask(client).to_arrow(cache="off").num_rows == 9
        assert ask(client).to_arrow().num_rows == 5
        assert ask(client).to_arrow(cache="refresh").num_rows == 9
        assert ask(client).to_arrow().num_rows == 9


def test_a_refreshed_day_replaces_its_windows(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        window = client.tick_data("ACTIV", "S000", DAY, data_type="TRADES", from_time="09:00", to_time="10:00")
        other = client.tick_data("ACTIV", "S000", DAY, data_type="TRADES", flags=["USE_MARKET_TS"], from_time="09:00")
        assert (window.to_arrow().num_rows, other.to_arrow().num_rows) == (5, 5)
        server.script(answer(framed_ticks("S000", rows=9)))
        assert ask(client).to_arrow(cache="refresh").num_rows == 9
        assert window.to_arrow(cache="only").num_rows == 9
        assert other.to_arrow(cache="only").num_rows == 5


def test_a_refreshed_response_that_cannot_be_cached_removes_the_old_one(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        assert ask(client).to_arrow().num_rows == 5
        client.cache.flush()
    with cached_client(server, tf.Cache(tmp_path, max_bytes=10)) as client:
        ask(client).to_arrow(cache="refresh")
        assert client.cache.info().entries == 0


def test_a_page_is_not_cached(server: FaultServer, tmp_path: Path) -> None:
    """Neither is a response with fewer rows than announced."""
    with cached_client(server, tmp_path) as client:
        query = client.get("ACTIV", "anything", symbol="S000", day=dt.date(2016, 5, 5))
        for meta in ({"cursor": "next"}, {"total_hits": 9}):
            response = DataResponse.FromString(bytes(next(read_frames(framed_ticks("S000")))))
            for name, value in meta.items():
                response.meta[name].CopyFrom(write_value(value))
            server.script(answer(write_frame(response.SerializeToString())))
            query.first_pages().to_arrow()
        assert client.cache.info().entries == 0
        server.serve(ticks_for)
        assert query.to_arrow().num_rows == 5
        assert client.cache.info().entries == 1


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
@pytest.mark.parametrize("change", ["no bytes", "partial", "column"])
def test_a_response_that_may_be_better_next_time_is_not_cached(
    server: FaultServer, tmp_path: Path, change: str
) -> None:
    response = DataResponse.FromString(bytes(next(read_frames(framed_ticks("S000")))))
    if change == "no bytes":
        response.Clear()
    elif change == "partial":
        response.header.warning_message = "Partial data: one venue did not answer"
    else:
        del response.data.columns["trade_size"]
    server.script(answer(write_frame(response.SerializeToString())), answer(framed_ticks("S000")))
    with cached_client(server, tmp_path) as client:
        query = ask(client)
        query.to_arrow()
        assert client.cache.info().entries == 0
        assert query.to_arrow()["trade_size"].to_pylist() == [0, 1, 2, 3, 4]
        assert client.cache.info().entries == 1


def test_offline_the_error_names_what_is_not_cached(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        ask(client, symbols(5)).to_arrow()
    server.close()
    with cached_client(server, tmp_path, retry_seconds=0.01) as client:
        assert ask(client, symbols(5)).to_arrow(cache="only").num_rows == 25
        assert ask(client, symbols(5)).to_arrow().num_rows == 25
        query = ask(client, symbols(9))
        with pytest.raises(NotCachedError, match=r"does not hold 4 of 9 parts: tick_data .*symbol=S005") as raised:
            query.to_pandas(cache="only")
        assert [part.split("symbol=")[1][:4] for part in raised.value.parts] == ["S005", "S006", "S007", "S008"]
        with pytest.warns(tf.TickframeWarning, match="4 of 9 parts"):
            frame = query.to_pandas(cache="only", on_error="collect")
        assert (len(frame), frame.attrs["failed_parts"], len(query.outcomes.failed)) == (25, 4, 4)
        assert query.parts()["cached"].tolist() == [True] * 5 + [False] * 4
        with pytest.raises(TransportError):
            query.to_pandas()


def test_an_estimate_uses_cached_responses(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        ask(client, symbols(5)).to_arrow()
        client.cache.flush()
        guess = ask(client, symbols(10)).estimate()
        assert (guess.parts, guess.rows, guess.known) == (10, 50, 5)
    assert len(server.received) == 5


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"x" * 5000])
def test_an_unreadable_entry_is_a_miss_and_logged(
    server: FaultServer, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with cached_client(server, tmp_path) as client:
        fresh = ask(client).to_pandas()
        client.cache.flush()
        [entry] = tmp_path.rglob("*.parquet")
        whole = entry.read_bytes()
        entry.write_bytes(damage)
        with caplog.at_level(logging.WARNING, "tickframe.cache"):
            pd.testing.assert_frame_equal(ask(client).to_pandas(), fresh)
        assert "which will be fetched again" in caplog.text
        client.cache.flush()
        assert len(entry.read_bytes()) == len(whole)
        assert ask(client).to_pandas(cache="only").equals(fresh)
    assert len(server.received) == 2


def test_different_requests_have_different_entries(server: FaultServer, tmp_path: Path) -> None:
    """They may differ in data type, flags, service, path or wire names."""
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        for data_type, flags in (("QUOTES", None), ("TRADES", ["USE_MARKET_TS"])):
            query = client.tick_data("ACTIV", "S000", DAY, data_type=data_type, flags=flags)
            assert query.parts()["cached"].tolist() == [False]
    for settings in (
        {"endpoints": {"tick_data": "ticks"}},
        {"path_template": "/v2/{endpoint}"},
        {"parameter_names": {"symbol": "ric"}},
        {"parameter_names": {"from_time": "begin"}},
        {"cache_namespace": "another service"},
    ):
        with cached_client(server, tmp_path, **settings) as client:
            assert ask(client).parts()["cached"].tolist() == [False]
    with cached_client(server, tmp_path, max_workers=1) as client:
        assert ask(client).parts()["cached"].tolist() == [True]


def test_an_undocumented_request_of_past_days_is_cached(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        asked = {"symbol": "ZAL.XE", "data_type": "TRADES"}
        query = client.get("ACTIV", "tickData", day=dt.date(2016, 5, 5), **asked)
        fresh = query.to_pandas()
        cached = query.to_pandas()
        assert origins(query) == ["cache"]
        pd.testing.assert_frame_equal(cached, fresh)
        undated = client.get("ACTIV", "tickData", day="2016-05-05", **asked)
        undated.to_pandas()
        undated.to_pandas()
        assert origins(undated) == ["service"]


@pytest.mark.parametrize(
    "moments",
    [
        {
            "since": pd.Timestamp("2016-05-05 09:00").to_pydatetime(),
            "until": pd.Timestamp("2016-05-05 17:00", tz="Europe/Berlin"),
        },
        {"day": pd.Timestamp("2016-05-05", tz="UTC")},
        {"days": [dt.date(2016, 5, 5), np.datetime64("2016-05-06")]},
    ],
)
def test_an_undocumented_request_of_past_moments_is_cached(
    server: FaultServer, tmp_path: Path, moments: dict[str, object]
) -> None:
    with cached_client(server, tmp_path) as client:
        query = client.get("ACTIV", "anything", symbol="S000", **moments)
        query.to_arrow()
        query.to_arrow()
        assert origins(query) == ["cache"]
        assert client.cache.entries()["date"].tolist() == [None]


def test_sandboxes_share_entries_of_the_same_market_only(tmp_path: Path) -> None:
    def load(seed: int) -> tuple[str, pd.DataFrame]:
        with tf.Client.sandbox(seed=seed, cache=tmp_path) as client:
            query = client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="TRADES", to_time="09:05")
            return (query.to_pandas(), origins(query)[0])[::-1]

    first, again, other = load(1), load(1), load(2)
    assert (first[0], again[0], other[0]) == ("service", "cache", "service")
    pd.testing.assert_frame_equal(first[1], again[1])
    assert not first[1].equals(other[1])


def test_no_window_is_cut_where_a_flag_may_change_rows(server: FaultServer, tmp_path: Path) -> None:
    """It is not documented which times a window refers to then, or which corrections it includes."""
    with cached_client(server, tmp_path) as client:
        for flag in ("USE_MARKET_TS", "APPLY_TRADE_CORRECTIONS", "EXCLUDE_CANCELLED_TRADES"):
            client.tick_data("ACTIV", "S000", DAY, data_type="TRADES", flags=[flag]).to_arrow()
            window = client.tick_data("ACTIV", "S000", DAY, data_type="TRADES", flags=[flag], from_time="09:00")
            assert window.parts()["cached"].tolist() == [False]


def test_a_client_without_a_cache(server: FaultServer) -> None:
    with tf.Client(server.url, token="t") as client:
        with pytest.raises(SettingsError, match="has no cache"):
            _ = client.cache
        with pytest.raises(ValueError, match="needs a client with a cache"):
            ask(client).to_arrow(cache="only")
        with pytest.raises(ValueError, match="invalid cache 'yes': expected one of 'auto', 'refresh', 'only', 'off'"):
            ask(client).to_arrow(cache="yes")
        assert ask(client).parts()["cached"].tolist() == [False]
        assert ask(client).to_arrow(cache="off").num_rows == 5


@pytest.mark.parametrize("switch", ["1", "true", "True"])
def test_the_environment_can_enable_the_default_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, switch: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("TICKFRAME_CACHE", switch)
    with tf.Client("https://127.0.0.1", token="t") as client:
        assert client.cache.place == str(tf.Cache().place)
    assert not list(tmp_path.iterdir())


def test_an_argument_overrides_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKFRAME_CACHE", str(tmp_path / "environment"))
    for cache, place in ((None, "environment"), (tmp_path / "argument", "argument"), (tf.Cache(tmp_path / "c"), "c")):
        with tf.Client("https://127.0.0.1", token="t", cache=cache) as client:
            assert client.cache.place == str(tmp_path / place)
    for cache in (False, "off"):
        with tf.Client("https://127.0.0.1", token="t", cache=cache) as client, pytest.raises(SettingsError):
            _ = client.cache
    with pytest.raises(ValueError, match="cache is an empty string"):
        tf.Client("https://127.0.0.1", token="t", cache="")


def test_no_secret_and_no_user_name_is_written(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="TRADES").to_arrow()
        token = client._service._tokens.current.text
    assert token
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    named = " ".join(str(file) for file in tmp_path.rglob("*"))
    for secret in (sandbox.password, sandbox.client_secret, token, f'"{sandbox.user}"'):
        assert secret.encode() not in written
        assert secret not in named

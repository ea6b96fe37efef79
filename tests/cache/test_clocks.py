"""A day that is not over is never answered from the cache, whatever a clock says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.cache.test_provenance import replace_provenance
from tests.cache.test_service import cached_client, origins
from tests.faults.server import FaultServer, answer
from tests.faults.ticks import ask, framed_ticks, ticks_for
from tickframe.cache.policy import has_ended

NOW = dt.datetime.now(dt.UTC)
DAY = dt.date(2016, 5, 5)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


@pytest.mark.parametrize(
    ("date", "origin"),
    [
        # The clock of this machine is four days ahead of that of the service.
        pytest.param(format_datetime(NOW - dt.timedelta(days=4), usegmt=True), "service", id="four days ago"),
        pytest.param(format_datetime(NOW, usegmt=True), "cache", id="now"),
        # A clock of the service that is ahead changes nothing.
        pytest.param(format_datetime(NOW + dt.timedelta(days=400), usegmt=True), "cache", id="in 400 days"),
        ("yesterday", "cache"),
        ("Thu, 99 May 99999 25:00:00 GMT", "cache"),
        ("", "cache"),
    ],
)
def test_the_date_of_a_response_decides_whether_its_day_is_over(
    server: FaultServer, tmp_path: Path, date: str, origin: str
) -> None:
    server.script(answer(framed_ticks("S000"), headers={"Date": date} if date else None))
    with cached_client(server, tmp_path) as client:
        query = client.tick_data("ACTIV", "S000", NOW.date() - dt.timedelta(days=4), data_type="TRADES")
        query.to_arrow()
        query.to_arrow()
        assert origins(query) == [origin]


@pytest.mark.parametrize(
    "fetched",
    [
        # Before the day was over in all time zones and late reports had arrived.
        "2016-05-05T16:00:00+00:00",
        "2016-05-07T11:59:59+00:00",
        "1970-01-01T00:00:00+00:00",
        # In the future.
        pytest.param((NOW + dt.timedelta(days=4)).isoformat(), id="in four days"),
        "9999-12-31T23:59:59+00:00",
    ],
)
def test_an_entry_that_was_fetched_at_an_impossible_time_does_not_answer(
    server: FaultServer, tmp_path: Path, fetched: str
) -> None:
    with cached_client(server, tmp_path) as client:
        client.tick_data("ACTIV", "S000", DAY, data_type="TRADES").to_arrow()
        client.cache.flush()
        [entry] = tmp_path.rglob("*.parquet")
        replace_provenance(entry, {"fetched": fetched})
        query = ask(client)
        window = client.tick_data(
            "ACTIV", "S000", DAY, data_type="TRADES", from_time="09:00", to_time="09:00:00.000000002"
        )
        assert [each.parts()["cached"].tolist() for each in (query, window)] == [[False], [False]]
        with pytest.raises(ValueError, match="holds no tick_data"):
            client.cache.dataset()
        query.to_arrow()
        assert origins(query) == ["service"]
        query.to_arrow(cache="only")
        assert client.cache.dataset().count_rows() == 5


def test_clocks_may_differ_a_little(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        client.cache.flush()
        [entry] = tmp_path.rglob("*.parquet")
        replace_provenance(entry, {"fetched": (NOW + dt.timedelta(minutes=30)).isoformat()})
        ask(client).to_arrow(cache="only")


def test_a_day_has_ended_when_it_is_over_everywhere_and_late_reports_are_in() -> None:
    assert not has_ended(DAY, dt.datetime(2016, 5, 7, 11, 59, 59, tzinfo=dt.UTC))
    assert has_ended(DAY, dt.datetime(2016, 5, 7, 12, tzinfo=dt.UTC))
    assert not has_ended(dt.date.max, dt.datetime.max.replace(tzinfo=dt.UTC))
    assert has_ended(dt.date.min, dt.datetime.max.replace(tzinfo=dt.UTC))


def test_entries_that_may_be_better_next_time_do_not_answer(server: FaultServer, tmp_path: Path) -> None:
    """A version before may have kept them."""
    with cached_client(server, tmp_path) as client:
        for change in ({"bytes": 0}, {"warning": "partial data"}):
            ask(client).to_arrow()
            client.cache.flush()
            [entry] = tmp_path.rglob("*.parquet")
            replace_provenance(entry, change)
            assert ask(client).parts()["cached"].tolist() == [False]

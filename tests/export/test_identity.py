"""A dataset knows what it holds: nothing else gets in beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import tickframe as tf
from tests.export.test_writer import SYMBOLS, WEEK, files_in
from tests.scripted_server import Reply, ScriptedServer
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

WRITTEN_BY_0_1_0 = Path(__file__).parent.parent / "data" / "written_by_0.1.0" / "export"
DAY = "2016-05-02"


def trades(client: tf.Client, days: object = DAY, symbol: object = "ZAL.XE", **arguments: object) -> tf.Query:
    arguments = {"data_type": "TRADES", "to_time": "09:10", **arguments}
    return client.tick_data("ACTIV", symbol, days, **arguments)


def rows(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.rglob("*.parquet"))


def refused(query: tf.Query, folder: Path, match: str, **arguments: object) -> None:
    """Check that an export is refused before anything is sent or changed."""
    before = files_in(folder)
    with pytest.raises(tf.errors.DatasetError, match=match):
        query.to_parquet(folder, **arguments)
    assert files_in(folder) == before
    assert not query.outcomes


OTHERS: dict[str, tuple[Callable[[tf.Client], tf.Query], dict[str, object], str]] = {
    "data type": (lambda client: trades(client, data_type="QUOTES"), {}, "data_type is TRADES there and QUOTES here"),
    "flags": (lambda client: trades(client, flags="USE_MARKET_TS"), {}, "flags is .* and USE_MARKET_TS here"),
    "window": (lambda client: trades(client, to_time="09:20"), {}, "to_time is 09:10:00 there and 09:20:00 here"),
    "whole day": (lambda client: trades(client, to_time=None), {}, "to_time is 09:10:00 there and not given here"),
    "source": (
        lambda client: client.tick_data("SIMULATED", "ZAL.XE", DAY, data_type="TRADES", to_time="09:10"),
        {},
        "source is ACTIV there and SIMULATED here",
    ),
    "function": (lambda client: client.end_of_day("ACTIV", "ZAL.XE", DAY, DAY), {}, "function is tick_data there"),
    "partition": (trades, {"partition_by": "symbol"}, "partition_by is symbol,date there and symbol here"),
    "times": (trades, {"times": "documented"}, "times is timestamp there and documented here"),
    "zone": (trades, {"tz": "Europe/Berlin"}, "tz is not given there and Europe/Berlin here"),
    "zones": (trades, {"tz": {"XE": "Europe/Berlin"}}, "tz is not given there and XE: Europe/Berlin here"),
    "order": (trades, {"order": "time"}, "order is parts there and time here"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_kind_is_refused_before_anything_is_sent(client: tf.Client, tmp_path: Path, other: str) -> None:
    """The same day would be there twice, or rows with other columns beside it."""
    trades(client).to_parquet(tmp_path)
    query, arguments, difference = OTHERS[other]
    refused(query(client), tmp_path, difference, **arguments)
    refused(query(client), tmp_path, difference, existing="error", **arguments)


def test_another_service_is_refused(client: tf.Client, tmp_path: Path) -> None:
    trades(client).to_parquet(tmp_path)
    with Sandbox(seed=8) as other, tf.Client(**other.account) as connected:
        refused(trades(connected), tmp_path, "service is tickframe sandbox, simulated market 7 .* market 8")
        refused(trades(connected), tmp_path, "service is .* Choose another directory", existing="overwrite")


def test_another_address_of_the_same_service_continues(client: tf.Client, tmp_path: Path) -> None:
    """A sandbox is known by its market, as in the cache."""
    trades(client).to_parquet(tmp_path)
    with Sandbox(seed=7) as other, tf.Client(**other.account) as connected:
        query = trades(connected)
        query.to_parquet(tmp_path)
    assert [outcome.origin for outcome in query.outcomes] == ["dataset"]


def test_overwrite_replaces_a_dataset_of_another_kind_whole(client: tf.Client, tmp_path: Path) -> None:
    trades(client, WEEK).to_parquet(tmp_path / "x")
    flagged = trades(client, WEEK, flags="INCLUDE_NON_REGULAR", to_time="09:20")
    flagged.to_parquet(tmp_path / "x", existing="overwrite")
    flagged.to_parquet(tmp_path / "alone")
    assert files_in(tmp_path / "x") == files_in(tmp_path / "alone")


def test_overwrite_with_another_kind_says_how_many_days_would_remain(client: tf.Client, tmp_path: Path) -> None:
    trades(client, WEEK, SYMBOLS).to_parquet(tmp_path)
    flagged = trades(client, DAY, flags="INCLUDE_NON_REGULAR")
    refused(flagged, tmp_path, "5 of its days of a symbol would remain", existing="overwrite")
    quotes = trades(client, WEEK, SYMBOLS, data_type="QUOTES")
    refused(quotes, tmp_path, "data_type is TRADES there", existing="overwrite")


def test_an_overwrite_that_fails_at_once_deletes_nothing(client: tf.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    trades(client).to_parquet(tmp_path)
    before = files_in(tmp_path)
    with tf.Client(**{**sandbox.account, "password": "wrong"}) as wrong:
        for query in (trades(wrong, flags="INCLUDE_NON_REGULAR"), trades(wrong)):
            with pytest.raises(tf.errors.AuthenticationError):
                query.to_parquet(tmp_path, existing="overwrite")
    assert files_in(tmp_path) == before


@pytest.mark.parametrize(
    ("symbols", "days"), [(SYMBOLS, ("2016-05-03", "2016-05-06")), (SYMBOLS[0], WEEK), ([*SYMBOLS, "BMW.XE"], WEEK)]
)
def test_days_that_another_range_has_are_not_written_twice(
    client: tf.Client, tmp_path: Path, symbols: list[str], days: tuple[str, str]
) -> None:
    client.end_of_day("ACTIV", SYMBOLS, *WEEK).to_parquet(tmp_path)
    refused(client.end_of_day("ACTIV", symbols, *days), tmp_path, "rows would be there twice: end_of_day")


def test_other_days_and_symbols_are_added(client: tf.Client, tmp_path: Path) -> None:
    client.end_of_day("ACTIV", SYMBOLS, *WEEK).to_parquet(tmp_path)
    client.end_of_day("ACTIV", SYMBOLS, "2016-05-05", "2016-05-06").to_parquet(tmp_path)
    client.end_of_day("ACTIV", "BMW.XE", *WEEK).to_parquet(tmp_path)
    read = pd.read_parquet(tmp_path)
    assert len(read) == 2 * 3 + 2 * 2 + 3
    assert not read.duplicated(["symbol", "date"]).any()


def test_overwrite_replaces_ranges_that_it_covers(client: tf.Client, tmp_path: Path) -> None:
    client.end_of_day("ACTIV", SYMBOLS, *WEEK).to_parquet(tmp_path / "x")
    wider = client.end_of_day("ACTIV", [*SYMBOLS, "BMW.XE"], "2016-05-02", "2016-05-06")
    wider.to_parquet(tmp_path / "x", existing="overwrite")
    wider.to_parquet(tmp_path / "alone")
    assert files_in(tmp_path / "x") == files_in(tmp_path / "alone")
    narrower = client.end_of_day("ACTIV", SYMBOLS, "2016-05-03", "2016-05-04")
    # Two symbols lack three days, the third all five.
    refused(narrower, tmp_path / "x", "11 days of a symbol would be lost", existing="overwrite")


def test_files_that_no_export_recorded_are_refused(client: tf.Client, tmp_path: Path) -> None:
    """Readers would have their rows too, such as those of a dataset that was copied without its records."""
    trades(client).to_parquet(tmp_path)
    shutil.rmtree(tmp_path / "_tickframe")
    for existing in ("skip", "overwrite", "error"):
        refused(trades(client), tmp_path, "Parquet files that are not of an export, 1 such as s", existing=existing)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("kept")
    trades(client).to_parquet(tmp_path / "other")
    assert (tmp_path / "other" / "notes.txt").read_text() == "kept"


def test_a_dataset_of_version_0_1_0_is_refused(client: tf.Client, tmp_path: Path) -> None:
    """It does not record what it holds."""
    shutil.copytree(WRITTEN_BY_0_1_0, tmp_path / "x")
    for existing in ("skip", "overwrite", "error"):
        refused(trades(client), tmp_path / "x", "tickframe 0.1.0 wrote.*read_dataset", existing=existing)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 2}', '{"format": 2, "schema": "x"}'])
def test_an_unreadable_identity_is_refused(client: tf.Client, tmp_path: Path, content: str) -> None:
    trades(client).to_parquet(tmp_path)
    (tmp_path / "_tickframe" / "dataset.json").write_text(content)
    refused(trades(client), tmp_path, "dataset.json cannot be read")


def test_a_later_format_is_refused(client: tf.Client, tmp_path: Path) -> None:
    trades(client).to_parquet(tmp_path)
    path = tmp_path / "_tickframe" / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 3}))
    refused(trades(client), tmp_path, "format 3.*upgrade tickframe")


def test_rows_with_other_columns_are_refused(scripted: ScriptedServer, tmp_path: Path) -> None:
    """What an undocumented function returns is known only with the response."""

    def reply(column: str) -> None:
        response = DataResponse()
        for name in ("symbol", column):
            response.data.columns[name].string_list.values.append("X")
        scripted.reply(Reply(write_frame(response.SerializeToString())))

    with tf.Client(scripted.url, token="t") as client:
        reply("venue")
        client.get("ACTIV", "ticks", symbol="X", day="2016-05-02").to_parquet(tmp_path, partition_by="symbol")
        reply("place")
        with pytest.raises(tf.errors.DatasetError, match="column 'venue' is string there and absent here"):
            client.get("ACTIV", "ticks", symbol="X", day="2016-05-03").to_parquet(tmp_path, partition_by="symbol")
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_columns_of_an_export_without_rows_are_those_of_the_first_rows(client: tf.Client, tmp_path: Path) -> None:
    trades(client, ("2016-05-07", "2016-05-08")).to_parquet(tmp_path / "x")
    assert not list(tmp_path.rglob("*.parquet"))
    trades(client).to_parquet(tmp_path / "x")
    trades(client).to_parquet(tmp_path / "alone")
    identities = [(tmp_path / name / "_tickframe" / "dataset.json").read_bytes() for name in ("x", "alone")]
    assert identities[0] == identities[1]

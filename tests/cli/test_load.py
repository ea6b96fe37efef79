"""``tickframe load`` against a real sandbox."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tickframe.cli.app import app

pytestmark = pytest.mark.usefixtures("account")

DAY = "2016-05-05"
SATURDAY = "2016-05-07"


@pytest.fixture
def ticks(account):
    """Load with the library itself."""
    with account.client() as client:
        return client.tick_data(
            "ACTIV", "ZAL.XE", DAY, data_type="QUOTES", from_time="09:00", to_time="09:30"
        ).to_arrow()


def run(*arguments):
    return CliRunner().invoke(app, ["load", *arguments])


def run_quotes(*options):
    return run("ACTIV", "ZAL.XE", DAY, "--type", "QUOTES", "--from", "09:00", "--to", "09:30", *options)


def test_a_table_of_the_ends_is_on_stdout_and_the_summary_on_stderr():
    """Without --out the first and last rows and their count are shown; stdout holds nothing else."""
    result = run("ACTIV", "ZAL.XE", "ADS.XE", f"{DAY}:2016-05-06", "--type", "trades")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.split("\n")
    assert sum(line.startswith(" 2016-05-05 09:00:00.") for line in lines) == 5
    assert sum(line.startswith(" 2016-05-06 17:32:00.") for line in lines) == 5
    assert lines[-2].endswith("rows, 4 columns")
    assert "rows in 4 parts (0 empty)" in result.stderr


def test_parquet_is_the_arrow_table_as_it_comes(ticks, tmp_path):
    """The Parquet file has the rows, columns and types of the Arrow table, and no other file is left."""
    path = tmp_path / "quotes.parquet"
    result = run_quotes("--out", str(path))
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(path).equals(ticks)
    assert pq.read_schema(path).field("time").type == pa.duration("ns")
    assert list(tmp_path.iterdir()) == [path]


def test_csv_is_exact(account, tmp_path):
    """CSV read back is the DataFrame of the library: nanoseconds, whole integers, every digit of a price."""
    path = tmp_path / "quotes.csv"
    result = run("ACTIV", "ZAL.XE", DAY, "--type", "QUOTES", "--to", "09:30", "--out", str(path))
    assert result.exit_code == 0, result.stderr
    with account.client() as client:
        query = client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="QUOTES", to_time="09:30")
        expected = query.to_pandas()
    read = pd.read_csv(path, index_col=0, dtype={"ask_size": "Int64", "bid_size": "Int64", "symbol": "category"})
    read.index = pd.DatetimeIndex(pd.to_datetime(read.index, format="ISO8601")).as_unit("ns")
    pd.testing.assert_frame_equal(read, expected, check_exact=True)


def test_a_day_without_ticks_is_a_file_with_columns_and_a_warning(tmp_path):
    """An empty answer gives a file of the same columns, and one line that says why it is empty."""
    path = tmp_path / "empty.parquet"
    result = run("ACTIV", "ZAL.XE", SATURDAY, "--type", "TRADES", "--out", str(path))
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(path).num_rows == 0
    assert pq.read_schema(path).names == ["symbol", "date", "time", "trade", "trade_size", "trade_condition"]
    assert f"warning: no data for ZAL.XE on {SATURDAY}\n" in result.stderr
    assert "0 rows in 1 part (1 empty)" in result.stderr


def test_warnings_of_several_parts_are_one_line_with_a_hint():
    """However many parts are empty, the warning is one line, and the next says where the others are."""
    result = run("ACTIV", "ZAL.XE", "ADS.XE", SATURDAY, "--type", "TRADES")
    assert result.stderr.count("warning: ") == 1
    assert result.stderr.endswith("--json lists what the service said of each part\n")


def test_json_holds_the_outcome_of_each_part():
    """--json prints nothing but what was asked and what became of it, part by part."""
    result = run("ACTIV", "ZAL.XE", f"2016-05-06:{SATURDAY}", "--type", "TRADES", "--flag", "use_market_ts", "--json")
    friday, saturday = json.loads(result.stdout)
    assert friday["parameters"] == {
        "source": "ACTIV",
        "symbol": "ZAL.XE",
        "day": "2016-05-06",
        "data_type": "TRADES",
        "flags": ["USE_MARKET_TS"],
    }
    assert friday["rows"] > 0
    assert (saturday["rows"], saturday["warning"]) == (0, f"no data for ZAL.XE on {SATURDAY}")


def test_an_error_of_the_service_is_one_line_and_leaves_no_file(tmp_path):
    """A refusal exits with 1, says why in one line, and the outcomes of --json hold it too."""
    result = run("NOWHERE", "ZAL.XE", DAY, "--type", "TRADES", "--out", str(tmp_path / "x.csv"), "--json")
    assert result.exit_code == 1
    [line] = [line for line in result.stderr.split("\n") if line.startswith("error: ")]
    assert "there is no source 'NOWHERE'" in line
    assert "there is no source 'NOWHERE'" in json.loads(result.stdout)[0]["error"]
    assert not list(tmp_path.iterdir())


def test_a_failure_keeps_the_file_that_was_there(tmp_path):
    """A load that fails half way does not touch an older file of the same name."""
    path = tmp_path / "trades.csv"
    path.write_text("older")
    result = run("NOWHERE", "ZAL.XE", DAY, "--type", "TRADES", "--out", str(path))
    assert result.exit_code == 1
    assert path.read_text() == "older"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2016-13-05", "no day of the calendar"),
        ("2016-05-06:2016-05-05", "comes after the last"),
        ("2016-05-05:2016-05-06:2016-05-07", "is no day"),
        ("ADS.XE", "write it as 2016-05-05"),
    ],
)
def test_a_wrong_day_is_one_line(day, words):
    """A day that is none exits with 1 and one line that says how to write it."""
    result = run("ACTIV", "ZAL.XE", day, "--type", "TRADES")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--type", "TRADE"), "'TRADE' is not one of"),
        (("--type", "TRADES", "--out", "ticks.xlsx"), "ends in none of .parquet, .csv"),
        (("--type", "TRADES", "--out", "no-such-folder/ticks.csv"), "there is no folder"),
        (("--type", "TRADES", "--sandbox", "--user", "ada"), "leave out --url and --user"),
        ((), "Missing option '--type'"),
    ],
)
def test_wrong_usage_exits_with_2(options, words):
    """What the command itself does not understand exits with 2, before anything is asked for."""
    result = run("ACTIV", "ZAL.XE", DAY, *options)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())


def test_debug_shows_the_traceback():
    """With --debug the error itself arrives, for Python to show."""
    result = run("ACTIV", "ZAL.XE", "2016-13-05", "--type", "TRADES", "--debug")
    assert isinstance(result.exception, ValueError)

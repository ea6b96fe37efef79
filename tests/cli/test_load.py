"""``tickframe load`` against a sandbox."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import tickframe as tf
from tickframe.cli.app import app

pytestmark = pytest.mark.usefixtures("account")

DAY = "2016-05-05"
SATURDAY = "2016-05-07"


@pytest.fixture
def ticks(account):
    """Load the same ticks through the Python API."""
    with tf.Client(**account.account) as client:
        return client.tick_data(
            "ACTIV", "ZAL.XE", DAY, data_type="QUOTES", from_time="09:00", to_time="09:30"
        ).to_arrow()


def run(*arguments):
    return CliRunner().invoke(app, ["load", *arguments])


def run_quotes(*options):
    return run("ACTIV", "ZAL.XE", DAY, "--type", "QUOTES", "--from", "09:00", "--to", "09:30", *options)


def test_the_first_and_last_rows_are_on_stdout_and_the_summary_on_stderr():
    """Without --out, stdout has the first and last rows and the number of rows, and nothing else."""
    result = run("ACTIV", "ZAL.XE", "ADS.XE", f"{DAY}:2016-05-06", "--type", "trades")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.split("\n")
    assert sum(line.startswith(" 2016-05-05 09:00:00.") for line in lines) == 5
    assert sum(line.startswith(" 2016-05-06 17:32:00.") for line in lines) == 5
    assert lines[-2].endswith("rows, 4 columns")
    assert "rows in 4 parts (0 empty)" in result.stderr


def test_parquet_keeps_the_arrow_table(ticks, tmp_path):
    """The Parquet file has the rows, columns and types of the Arrow table, and no temporary file remains."""
    path = tmp_path / "quotes.parquet"
    result = run_quotes("--out", str(path))
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(path).equals(ticks)
    assert pq.read_schema(path)[0].equals(pa.field("timestamp", pa.timestamp("ns")))
    assert list(tmp_path.iterdir()) == [path]


def test_csv_is_exact(account, tmp_path):
    """CSV read back equals the DataFrame: nanoseconds, integers, every digit of a price."""
    path = tmp_path / "quotes.csv"
    result = run("ACTIV", "ZAL.XE", DAY, "--type", "QUOTES", "--to", "09:30", "--out", str(path))
    assert result.exit_code == 0, result.stderr
    with tf.Client(**account.account) as client:
        query = client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="QUOTES", to_time="09:30")
        expected = query.to_pandas()
    read = pd.read_csv(path, index_col=0, dtype={"ask_size": "Int64", "bid_size": "Int64", "symbol": "category"})
    read.index = pd.DatetimeIndex(pd.to_datetime(read.index, format="ISO8601")).as_unit("ns")
    pd.testing.assert_frame_equal(read, expected, check_exact=True)


@pytest.mark.parametrize("name", ["ticks.parquet", "ticks.csv"])
def test_an_existing_file_is_replaced_only_with_force(tmp_path, name):
    """Without --force nothing is loaded and the file stays; with it the file is replaced."""
    path = tmp_path / name
    path.write_text("older")
    options = ("ACTIV", "ZAL.XE", DAY, "--type", "TRADES", "--to", "09:10", "--out", str(path))
    refused = run(*options)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert path.read_text() == "older"
    assert run(*options, "--force").exit_code == 0
    assert path.read_bytes()[:5] != b"older"


def test_every_format_has_the_same_columns(tmp_path):
    """A Parquet file, CSV and the files of a dataset begin with a timestamp in nanoseconds."""
    options = ("ACTIV", "ZAL.XE", DAY, "--type", "TRADES", "--to", "09:10", "--out")
    for name in ("ticks.parquet", "ticks.csv", "ticks/"):
        assert run(*options, f"{tmp_path}/{name}").exit_code == 0
    columns = ["timestamp", "symbol", "trade", "trade_size", "trade_condition"]
    assert pq.read_schema(tmp_path / "ticks.parquet").names == columns
    assert pd.read_csv(tmp_path / "ticks.csv").columns.tolist() == columns
    [file] = (tmp_path / "ticks").rglob("*.parquet")
    assert pq.read_schema(file).names == [name for name in columns if name != "symbol"]


def test_a_day_without_ticks_gives_an_empty_file_and_a_warning(tmp_path):
    """An empty response gives a file with the same columns, and one line says why it is empty."""
    path = tmp_path / "empty.parquet"
    result = run("ACTIV", "ZAL.XE", SATURDAY, "--type", "TRADES", "--out", str(path))
    assert result.exit_code == 0, result.stderr
    assert pq.read_table(path).num_rows == 0
    assert pq.read_schema(path).names == ["timestamp", "symbol", "trade", "trade_size", "trade_condition"]
    assert f"warning: no data for ZAL.XE on {SATURDAY}\n" in result.stderr
    assert "0 rows in 1 part (1 empty)" in result.stderr


def test_several_parts_end_in_a_table_of_outcomes():
    """One warning for all empty parts, then a row for each part, then the summary."""
    result = run("ACTIV", "ZAL.XE", "ADS.XE", f"2016-05-06:{SATURDAY}", "--type", "TRADES")
    lines = result.stderr.split("\n")
    assert lines[0].startswith("warning: no data for ")
    assert result.stderr.count("warning: ") == 1
    rows = [line.split() for line in lines if line.startswith((" ZAL.XE", " ADS.XE"))]
    assert [row[:2] for row in rows] == [
        ["ZAL.XE", "2016-05-06"],
        ["ADS.XE", "2016-05-06"],
        ["ZAL.XE", SATURDAY],
        ["ADS.XE", SATURDAY],
    ]
    assert " ".join(rows[2]).endswith(f"no data for ZAL.XE on {SATURDAY}")
    assert "rows in 4 parts (2 empty), " in lines[-2]


def test_json_has_the_outcome_of_each_part():
    """--json prints the parameters and the outcome of each part, and no rows."""
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


def test_a_flag_that_is_not_known_is_sent_with_a_warning():
    """The service decides, and the warning names the known flag that is nearly the same."""
    result = run("ACTIV", "ZAL.XE", DAY, "--type", "TRADES", "--flag", "USE_MARKET_TIMES", "--json")
    assert "warning: flags 'USE_MARKET_TIMES' is not known" in result.stderr
    assert "did you mean 'USE_MARKET_TS'" in result.stderr
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["parameters"]["flags"] == ["USE_MARKET_TIMES"]


def test_an_error_of_the_service_is_one_line_and_leaves_no_file(tmp_path):
    """A refused request exits with 1 and one line, and --json has the error too."""
    result = run("NOWHERE", "ZAL.XE", DAY, "--type", "TRADES", "--out", str(tmp_path / "x.csv"), "--json")
    assert result.exit_code == 1
    [line] = [line for line in result.stderr.split("\n") if line.startswith("error: ")]
    assert "unknown source 'NOWHERE'" in line
    assert "unknown source 'NOWHERE'" in json.loads(result.stdout)[0]["error"]
    assert not list(tmp_path.iterdir())


def test_a_failure_keeps_an_existing_file(tmp_path):
    """A load that fails does not touch a file of the same name."""
    path = tmp_path / "trades.csv"
    path.write_text("older")
    result = run("NOWHERE", "ZAL.XE", DAY, "--type", "TRADES", "--out", str(path), "--force")
    assert result.exit_code == 1
    assert path.read_text() == "older"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2016-13-05", "month must be in 1..12"),
        ("2016-05-06:2016-05-05", "reversed day range"),
        ("2016-05-05:2016-05-06:2016-05-07", "expected YYYY-MM-DD"),
        ("ADS.XE", "expected YYYY-MM-DD"),
    ],
)
def test_an_invalid_day_is_one_line(day, words):
    """An invalid day exits with 2 and one line that shows the expected format."""
    result = run("ACTIV", "ZAL.XE", day, "--type", "TRADES")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--type", "TRADE"), "'TRADE' is not one of"),
        (("--type", "TRADES", "--out", "ticks.xlsx"), "expected a name ending in .parquet, .csv, or / for a dataset"),
        (("--type", "TRADES", "--out", "no-such-directory/ticks.csv"), "directory 'no-such-directory' does not exist"),
        (("--type", "TRADES", "--sandbox", "--user", "ada"), "--sandbox cannot be combined with --url or --user"),
        (("--type", "TRADES", "--out", "ticks.csv", "--format", "csv"), "--format requires --out -"),
        (("--type", "TRADES", "--out", "-", "--json"), "both write to stdout"),
        (("--type", "TRADES", "--symbols", "no-such-file"), "No such file"),
        ((), "Missing option '--type'"),
    ],
)
def test_a_usage_error_exits_with_2(options, words):
    """Invalid options exit with 2, before any request is sent."""
    result = run("ACTIV", "ZAL.XE", DAY, *options)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())


def test_without_symbols_the_error_says_how_to_give_them():
    """There is neither an argument nor a file with symbols."""
    result = run("ACTIV", DAY, "--type", "TRADES")
    assert result.exit_code == 2
    assert "no symbols given: name them before the day, or use" in result.stderr


def test_debug_shows_the_traceback():
    """With --debug, the traceback replaces the line, and the exit code is the same."""
    result = run("ACTIV", "ZAL.XE", "2016-13-05", "--type", "TRADES", "--debug")
    assert result.exit_code == 2
    assert result.stderr.startswith("Traceback")
    assert result.stderr.rstrip().split("\n")[-1].startswith("ValueError: invalid day '2016-13-05'")


@pytest.mark.parametrize("from_stdin", [True, False])
def test_symbols_are_read_from_a_file(tmp_path, from_stdin):
    """One per line, after those of the command line; blank lines and surrounding spaces are ignored."""
    listed = "ADS.XE\n\n  SAP.XE \r\n"
    path = tmp_path / "dax.txt"
    path.write_text(listed)
    options = ["ACTIV", "ZAL.XE", DAY, "--type", "TRADES", "--symbols", "-" if from_stdin else str(path), "--json"]
    result = CliRunner().invoke(app, ["load", *options], input=listed)
    assert result.exit_code == 0, result.stderr
    assert [part["parameters"]["symbol"] for part in json.loads(result.stdout)] == ["ZAL.XE", "ADS.XE", "SAP.XE"]


def test_a_directory_is_a_dataset_that_a_second_run_completes(account, tmp_path):
    """A second run loads only the day that is missing, and the rows equal those of the Python API."""
    directory = f"{tmp_path}/new/ticks/"
    first = run("ACTIV", "ZAL.XE", DAY, "--type", "TRADES", "--out", directory)
    assert first.exit_code == 0, first.stderr
    assert first.stderr.endswith(f" -> {directory}\n")
    second = run("ACTIV", "ZAL.XE", f"{DAY}:2016-05-06", "--type", "TRADES", "--out", directory, "--json")
    assert [part["origin"] for part in json.loads(second.stdout)] == ["dataset", "service"]
    with tf.Client(**account.account) as client:
        expected = client.tick_data("ACTIV", "ZAL.XE", (DAY, "2016-05-06"), data_type="TRADES").to_arrow()
    assert ds.dataset(directory, partitioning="hive").count_rows() == len(expected)


@pytest.mark.parametrize("to_time", ["09:00:00.000136451", "09:00:01", "09:00:05"])
def test_the_first_and_last_rows_do_not_overlap(account, to_time):
    """Each row is shown once, with an ellipsis only if some are not shown."""
    with tf.Client(**account.account) as client:
        query = client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="TRADES", to_time=to_time)
        expected = query.to_pandas()["trade_size"].tolist()
    result = run("ACTIV", "ZAL.XE", DAY, "--type", "TRADES", "--to", to_time)
    shown = [line.split()[-2] for line in result.stdout.split("\n") if line.startswith((f" {DAY}", " ..."))]
    if len(expected) > 10:
        expected = [*expected[:5], "...", *expected[-5:]]
    assert shown == [str(size) for size in expected]

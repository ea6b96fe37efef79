"""Pipes, failed parts, and how a command ends, mostly in processes of their own."""

import json
import re
import signal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.cli.command import run_on_terminal, start
from tests.faults.server import Ending, FaultServer, answer, refusal
from tests.faults.ticks import ROWS, SECRET, framed_ticks, symbol_of, symbols, ticks_for
from tickframe.cli.app import app

DAY = "2016-05-05"
# More than a pipe buffers, so that the writer notices a closed reader.
MANY = symbols(400)


@pytest.fixture
def server(monkeypatch):
    """Serve five rows of any symbol, with the environment variables that connect to it."""
    with FaultServer() as running:
        running.serve(ticks_for)
        monkeypatch.setenv("TICKFRAME_URL", running.url)
        monkeypatch.setenv("TICKFRAME_TOKEN", SECRET)
        yield running


def start_load(server, cwd, *arguments, **streams):
    environment = {"TICKFRAME_URL": server.url, "TICKFRAME_TOKEN": SECRET}
    return start("load", "ACTIV", *arguments, "--type", "trades", cwd=cwd, **environment, **streams)


def load(*arguments):
    """Load in this process, for tests without pipes and signals."""
    result = CliRunner().invoke(app, ["load", "ACTIV", *arguments, "--type", "trades"])
    return result.exit_code, result.stdout, result.stderr


def failing_for(*failing):
    """Return a script that refuses some symbols and serves the others."""
    return lambda request: (
        refusal(403, "not <b>yours</b>\x1b[31m") if symbol_of(request) in failing else ticks_for(request)
    )


def test_an_arrow_stream_goes_to_stdout(server, tmp_path):
    """Stdout has only the stream, which Arrow and Polars read; the summary is on stderr."""
    with (tmp_path / "ticks.arrows").open("wb") as stdout:
        process = start_load(server, tmp_path, "S000", "S001", DAY, "--out", "-", stdout=stdout)
        _, stderr = process.communicate(timeout=50)
    assert process.returncode == 0
    written = (tmp_path / "ticks.arrows").read_bytes()
    table = pa.ipc.open_stream(written).read_all()
    assert table["symbol"].to_pylist() == ["S000"] * ROWS + ["S001"] * ROWS
    assert table.schema[0].equals(pa.field("timestamp", pa.timestamp("ns")))
    assert pl.read_ipc_stream(written).height == 2 * ROWS
    assert stderr.rstrip().split("\n")[-1].startswith(f"{2 * ROWS} rows in 2 parts")


def test_csv_goes_to_stdout(server, tmp_path):
    """--format csv writes a header and a line for each row."""
    with start_load(server, tmp_path, "S000", DAY, "--out", "-", "--format", "csv") as process:
        stdout, _ = process.communicate(timeout=50)
    assert process.returncode == 0
    lines = stdout.split("\n")
    assert lines[0] == '"timestamp","symbol","trade","trade_size","trade_condition"'
    assert lines[1] == '2016-05-05 09:00:00.000000000,"S000",100,0,"XT"'
    assert len(lines) == ROWS + 2


@pytest.mark.parametrize("options", [("--out", "-"), ("--out", "-", "--format", "csv"), ("--json",)])
def test_a_closed_pipe_is_silent(server, tmp_path, options):
    """If the reader closes stdout early, nothing is printed, and the exit code is that of SIGPIPE."""
    server.serve(lambda request: answer(framed_ticks(symbol_of(request), rows=1_000)))
    with start_load(server, tmp_path, *MANY, DAY, *options) as process:
        process.stdout.close()
        stderr = process.stderr.read()
    assert process.wait() == 141
    assert stderr == ""


@pytest.mark.parametrize("options", [(), ("--out", "-"), ("--json",)])
def test_a_full_disk_is_one_line(server, tmp_path, options):
    """A failed write is reported once, even if only the last flush fails."""
    with Path("/dev/full").open("wb") as full:
        process = start_load(server, tmp_path, "S000", DAY, *options, stdout=full)
        _, stderr = process.communicate(timeout=50)
    assert process.returncode == 1
    assert [line for line in stderr.split("\n") if "rows in 1 part" not in line] == [
        "error: cannot write the output: No space left on device; free up space or write elsewhere, then try again",
        "",
    ]


def test_collected_failures_are_listed_and_exit_with_3(server, tmp_path):
    """The other parts are in the file; the table has the errors, without control characters."""
    server.serve(failing_for("S001"))
    path = tmp_path / "ticks.parquet"
    code, stdout, stderr = load(*symbols(3), DAY, "--on-error", "collect", "--out", str(path))
    assert (code, stdout) == (3, "")
    assert pq.read_table(path)["symbol"].unique().to_pylist() == ["S000", "S002"]
    [failed] = [line for line in stderr.split("\n") if line.startswith(" S001")]
    assert "failed: HTTP 403: the account lacks permission" in failed
    assert "\x1b" not in stderr
    assert stderr.rstrip().split("\n")[-1].startswith(f"{2 * ROWS} rows in 3 parts (0 empty, 1 failed)")


def test_failed_parts_are_listed_first(server):
    """A long table is cut, and a message says how to list the rest."""
    server.serve(failing_for("S038"))
    code, _, stderr = load(*symbols(40), DAY, "--on-error", "collect")
    assert code == 3
    rows = re.findall(r"^ (S\d{3})", stderr, re.MULTILINE)
    assert rows == ["S038", *symbols(19)]
    assert "20 more parts not shown: use --json to list all\n" in stderr


def test_failures_of_every_part_leave_an_empty_table(server):
    """An empty table is shown, and the exit code is that of failed parts."""
    server.serve(failing_for(*symbols(2)))
    code, stdout, _ = load(*symbols(2), DAY, "--on-error", "collect")
    assert code == 3
    assert "0 rows, 4 columns" in stdout


def test_a_failed_dataset_says_how_to_resume(server, tmp_path, monkeypatch):
    """Completed parts are kept, and the same command loads only the others."""
    monkeypatch.chdir(tmp_path)
    server.serve(failing_for("S001"))
    assert load("S000", DAY, "--out", "ticks/")[0] == 0
    command = (*symbols(3), DAY, "--out", "ticks/", "--json")
    code, _, stderr = load(*command)
    assert code == 1
    assert "completed parts are kept in ticks/: run the same command again to load the rest" in stderr
    server.serve(ticks_for)
    code, stdout, _ = load(*command)
    assert code == 0
    assert [part["origin"] for part in json.loads(stdout)][:2] == ["dataset", "service"]
    code, _, stderr = load("S000", DAY, "--from", "10:00", "--out", "ticks/")
    assert code == 1
    assert "holds another kind of data" in stderr
    # The same command would be refused again.
    assert "run the same command again" not in stderr


@pytest.mark.parametrize("out", ["ticks/", "ticks.parquet", "-"])
def test_an_interrupt_is_one_line(server, tmp_path, out):
    """Ctrl-C exits with 130 and leaves no incomplete file."""
    server.serve(lambda request: answer(framed_ticks(symbol_of(request))).before_any_byte(Ending.STALLED))
    with start_load(server, tmp_path, *symbols(9), DAY, "--out", out) as process:
        server.wait_for_requests(1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr.endswith("interrupted\n")
    assert "Traceback" not in stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_retry_is_reported_once(server):
    """A transient error is printed while it is retried, once for all parts."""
    failed: list[str] = []

    def succeed_on_retry(request):
        if symbol_of(request) in failed:
            return ticks_for(request)
        failed.append(symbol_of(request))
        return refusal(503, Retry_After="0")

    server.serve(succeed_on_retry)
    code, _, stderr = load(*symbols(3), DAY)
    assert code == 0
    assert stderr.count("HTTP 503: the service failed") == stderr.count("trying again") == 1


def test_an_arrow_stream_is_not_written_to_a_terminal(tmp_path):
    """Binary output to a terminal is refused."""
    shown = run_on_terminal(
        "load", "ACTIV", "S000", DAY, "--type", "trades", "--out", "-", cwd=tmp_path, stdout_too=True
    )
    assert "cannot write an Arrow stream to a terminal" in re.sub(r"\x1b\[[\d;]*m", "", shown)

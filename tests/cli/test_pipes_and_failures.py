"""Pipes, parts that fail, and all the ways in which a command can end, in real processes."""

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
# More than a pipe holds, so that a writer notices that nobody reads.
MANY = symbols(400)


@pytest.fixture
def server(monkeypatch):
    """Serve five rows of any symbol, and be where the environment leads."""
    with FaultServer() as running:
        running.serve(ticks_for)
        monkeypatch.setenv("TICKFRAME_URL", running.url)
        monkeypatch.setenv("TICKFRAME_TOKEN", SECRET)
        yield running


def start_load(server, cwd, *arguments, **streams):
    environment = {"TICKFRAME_URL": server.url, "TICKFRAME_TOKEN": SECRET}
    return start("load", "ACTIV", *arguments, "--type", "trades", cwd=cwd, **environment, **streams)


def load(*arguments):
    """Load in this process, where neither a pipe nor a signal matters."""
    result = CliRunner().invoke(app, ["load", "ACTIV", *arguments, "--type", "trades"])
    return result.exit_code, result.stdout, result.stderr


def failing_for(*failing):
    """Return answers, and a refusal for some symbols."""
    return lambda request: (
        refusal(403, "not <b>yours</b>\x1b[31m") if symbol_of(request) in failing else ticks_for(request)
    )


def test_an_arrow_stream_goes_through_a_pipe(server, tmp_path):
    """Stdout holds the stream and nothing else, as Arrow and Polars read it; the sum is on stderr."""
    with (tmp_path / "ticks.arrows").open("wb") as stdout:
        process = start_load(server, tmp_path, "S000", "S001", DAY, "--out", "-", stdout=stdout)
        _, stderr = process.communicate(timeout=50)
    assert process.returncode == 0
    written = (tmp_path / "ticks.arrows").read_bytes()
    table = pa.ipc.open_stream(written).read_all()
    assert table["symbol"].to_pylist() == ["S000"] * ROWS + ["S001"] * ROWS
    assert table.schema.field("time").type == pa.duration("ns")
    assert pl.read_ipc_stream(written).height == 2 * ROWS
    assert stderr.rstrip().split("\n")[-1].startswith(f"{2 * ROWS} rows in 2 parts")


def test_csv_goes_through_a_pipe(server, tmp_path):
    """--format csv writes a head and a line for each row."""
    with start_load(server, tmp_path, "S000", DAY, "--out", "-", "--format", "csv") as process:
        stdout, _ = process.communicate(timeout=50)
    assert process.returncode == 0
    lines = stdout.split("\n")
    assert lines[0] == '"timestamp","symbol","trade","trade_size","trade_condition"'
    assert lines[1] == '2016-05-05 09:00:00.000000000,"S000",100,0,"XT"'
    assert len(lines) == ROWS + 2


@pytest.mark.parametrize("options", [("--out", "-"), ("--out", "-", "--format", "csv"), ("--json",)])
def test_a_reader_that_has_read_enough_is_no_error(server, tmp_path, options):
    """Where stdout is closed early nothing is said, and the exit code is that of SIGPIPE."""
    server.serve(lambda request: answer(framed_ticks(symbol_of(request), rows=1_000)))
    with start_load(server, tmp_path, *MANY, DAY, *options) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.wait() == 141
    assert said == ""


@pytest.mark.parametrize("options", [(), ("--out", "-"), ("--json",)])
def test_a_full_disk_is_one_line(server, tmp_path, options):
    """What stdout cannot take is said once, also where only the last flush fails."""
    with Path("/dev/full").open("wb") as full:
        process = start_load(server, tmp_path, "S000", DAY, *options, stdout=full)
        _, stderr = process.communicate(timeout=50)
    assert process.returncode == 1
    assert [line for line in stderr.split("\n") if "rows in 1 part" not in line] == [
        "error: the output failed: No space left on device: make room or write elsewhere, and run it again",
        "",
    ]


def test_collected_failures_are_listed_and_exit_with_3(server, tmp_path):
    """The other parts are in the file; the table says what failed and why, and steers no terminal."""
    server.serve(failing_for("S001"))
    path = tmp_path / "ticks.parquet"
    code, stdout, stderr = load(*symbols(3), DAY, "--on-error", "collect", "--out", str(path))
    assert (code, stdout) == (3, "")
    assert pq.read_table(path)["symbol"].unique().to_pylist() == ["S000", "S002"]
    [failed] = [line for line in stderr.split("\n") if line.startswith(" S001")]
    assert "failed: HTTP 403: the account has no right to this" in failed
    assert "\x1b" not in stderr
    assert stderr.rstrip().split("\n")[-1].startswith(f"{2 * ROWS} rows in 3 parts (0 empty, 1 failed)")


def test_of_many_parts_the_failed_ones_are_listed_first(server):
    """A table of some rows, and where to find the others."""
    server.serve(failing_for("S038"))
    code, _, stderr = load(*symbols(40), DAY, "--on-error", "collect")
    assert code == 3
    rows = re.findall(r"^ (S\d{3})", stderr, re.MULTILINE)
    assert rows == ["S038", *symbols(19)]
    assert "and 20 more parts: --json lists all\n" in stderr


def test_failures_of_every_part_leave_an_empty_table(server):
    """Nothing arrived, which is said; the exit code is that of failed parts."""
    server.serve(failing_for(*symbols(2)))
    code, stdout, _ = load(*symbols(2), DAY, "--on-error", "collect")
    assert code == 3
    assert "0 rows, 4 columns" in stdout


def test_a_dataset_that_failed_says_how_to_go_on(server, tmp_path, monkeypatch):
    """What has arrived stays, and the same command asks for the others only."""
    monkeypatch.chdir(tmp_path)
    server.serve(failing_for("S001"))
    assert load("S000", DAY, "--out", "ticks/")[0] == 0
    command = (*symbols(3), DAY, "--out", "ticks/", "--json")
    code, _, stderr = load(*command)
    assert code == 1
    assert "what has arrived stays in ticks/: the same command, run again, asks for the rest" in stderr
    server.serve(ticks_for)
    code, stdout, _ = load(*command)
    assert code == 0
    assert [part["origin"] for part in json.loads(stdout)][:2] == ["dataset", "service"]


@pytest.mark.parametrize("place", ["ticks/", "ticks.parquet", "-"])
def test_an_interrupt_is_one_line(server, tmp_path, place):
    """Ctrl-C exits with 130 and leaves no half file."""
    server.serve(lambda request: answer(framed_ticks(symbol_of(request))).before_any_byte(Ending.STALLED))
    with start_load(server, tmp_path, *symbols(9), DAY, "--out", place) as process:
        server.wait_for_requests(1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr.endswith("interrupted\n")
    assert "Traceback" not in stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_wait_for_another_attempt_is_said_once(server):
    """What fails in passing is named while it is asked for again, once for all parts."""
    failed: list[str] = []

    def at_second_time(request):
        if symbol_of(request) in failed:
            return ticks_for(request)
        failed.append(symbol_of(request))
        return refusal(503, Retry_After="0")

    server.serve(at_second_time)
    code, _, stderr = load(*symbols(3), DAY)
    assert code == 0
    assert stderr.count("HTTP 503: the service failed") == stderr.count("asking again") == 1


def test_a_terminal_gets_no_arrow_stream(tmp_path):
    """Bytes that are no text are refused where a person would see them."""
    shown = run_on_terminal(
        "load", "ACTIV", "S000", DAY, "--type", "trades", "--out", "-", cwd=tmp_path, stdout_too=True
    )
    assert "an Arrow stream is nothing for a terminal" in re.sub(r"\x1b\[[\d;]*m", "", shown)

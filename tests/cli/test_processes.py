"""The command in a process of its own: progress, the demo, the sandbox, and missing extras."""

import json
import re
import signal
import struct
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest
from typer.testing import CliRunner

from tests.cli.command import run, run_on_terminal, start
from tickframe import Client
from tickframe.cli.app import app


def test_a_terminal_shows_a_progress_bar(tmp_path):
    """Parts, rows and bytes are counted on stderr if it is a terminal."""
    shown = run_on_terminal(
        "load", "ACTIV", "ZAL.XE", "2016-05-02:2016-05-04", "--type", "TRADES", "--sandbox", cwd=tmp_path
    )
    assert re.search(r"3/3 .* rows, [\d.]+ MB", shown)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run the demo once, and return its directory, stdout and stderr."""
    directory = tmp_path_factory.mktemp("demo")
    code, stdout, stderr = run("demo", cwd=directory)
    assert code == 0, stderr
    return directory, stdout, stderr


def test_demo_prints_rows_and_paths(demo):
    """Stdout has the first rows and the paths; stderr has the messages, and no progress bar in a file."""
    directory, stdout, stderr = demo
    assert re.search(r"2016-05-03 09:00:00\.\d{9} +ZAL\.XE", stdout)
    paths = [line.split(": ")[1] for line in stdout.split("\n") if line.startswith(("dataset: ", "picture: "))]
    assert len(paths) == 3
    assert all((directory / path).exists() for path in paths)
    assert re.search(r"[\d,]+ rows in 9 parts", stderr)
    assert "part/s" not in stdout + stderr


def test_the_second_load_of_the_demo_is_read_from_the_cache(demo):
    _, _, stderr = demo
    for kind in ("trades", "quotes"):
        first, second = re.findall(rf"loaded {kind}(?: again)?: (.*)", stderr)
        assert "cache" not in first
        assert second.endswith("all from the cache")
        assert first.split(" rows")[0] == second.split(" rows")[0]


def test_demo_writes_the_loaded_ticks(demo):
    """The datasets have as many rows as were loaded, of several symbols and days, and no temporary file."""
    directory, stdout, stderr = demo
    for kind in ("trades", "quotes"):
        stored = ds.dataset(directory / "demo-output" / kind, partitioning="hive").to_table()
        loaded = re.search(rf"loaded {kind}: ([\d,]+) rows in 9 parts \(0 empty\)", stderr)
        assert stored.num_rows == int(loaded[1].replace(",", ""))
        assert len(stored["symbol"].unique()) == 3
        assert len(stored["date"].unique()) == 3
    assert not list(directory.rglob("*.tmp"))
    assert re.search(r"([\d,]+) rows, 4 columns", stdout)


def test_demo_draws_a_picture(demo):
    """The picture is a PNG, at least 800 pixels wide."""
    directory, _, _ = demo
    [picture] = directory.rglob("*.png")
    header = picture.read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    width, _ = struct.unpack(">II", header[16:24])
    assert width >= 800


def test_demo_json_has_the_paths(tmp_path, monkeypatch):
    """With --json, stdout has only the paths."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["demo", "--json"])
    assert result.exit_code == 0, result.stderr
    paths = json.loads(result.stdout)
    assert Path(paths["picture"]).is_file()
    assert all(Path(dataset).is_dir() for dataset in paths["datasets"])


def test_demo_without_matplotlib_names_the_extra(tmp_path):
    """Without Matplotlib, the demo exits before it loads anything, with one line that names the extra."""
    without = "import sys; sys.modules['matplotlib'] = None; from tickframe.__main__ import main; main()"
    code, stdout, stderr = run("demo", cwd=tmp_path, code=without)
    assert (code, stdout) == (2, "")
    assert stderr == "error: tickframe demo needs an extra: pip install 'tickframe[plot]'\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_dependencies_the_command_names_the_extra(tmp_path, missing):
    """Without typer or rich, the command exits with 2 and one line that says what to install."""
    hidden = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {missing!r}: raise ModuleNotFoundError('hidden', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "from tickframe.__main__ import main; main()"
    )
    code, stdout, stderr = run("check", cwd=tmp_path, code=hidden)
    assert (code, stdout) == (2, "")
    assert stderr == "error: the command line needs an extra: pip install 'tickframe[cli]'\n"


def test_an_error_has_no_traceback(tmp_path):
    """An error is one line; with --debug, it is the traceback, without local variables."""
    code, stdout, stderr = run("check", "--url", "ftp://nowhere", cwd=tmp_path)
    assert (code, stdout) == (2, "")
    assert stderr.count("\n") == 1
    code, _, stderr = run("check", "--url", "ftp://nowhere", "--debug", cwd=tmp_path)
    assert code == 2
    assert stderr.startswith("Traceback")
    assert stderr.rstrip().split("\n")[-1].startswith("ValueError: invalid base_url")


@pytest.fixture
def serving(tmp_path):
    """Run ``tickframe sandbox``, and read the environment variables that it prints."""
    with start("sandbox", "--seed", "7", cwd=tmp_path) as process:
        try:
            printed = [process.stdout.readline() for _ in range(4)]
            yield process, dict(re.fullmatch(r"export (\w+)=(\S+)\n", line).groups() for line in printed)
        finally:
            process.kill()


def test_sandbox_serves_until_interrupted(serving):
    """The printed variables are all that a client needs; after Ctrl-C the exit code is 0."""
    process, environment = serving
    with Client(
        environment["TICKFRAME_URL"],
        user=environment["TICKFRAME_USER"],
        password=environment["TICKFRAME_PASSWORD"],
        client_secret=environment["TICKFRAME_CLIENT_SECRET"],
    ) as client:
        printed = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").to_pandas()
    with Client.sandbox(seed=7) as client:
        expected = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").to_pandas()
    pd.testing.assert_frame_equal(printed, expected)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)
    assert (process.returncode, stdout) == (0, "")
    assert stderr.endswith("stopped\n")


def test_the_printed_environment_connects_other_commands(serving, tmp_path):
    """Another process with these variables connects to the sandbox."""
    _, environment = serving
    with start("check", cwd=tmp_path, **environment) as process:
        stdout, _ = process.communicate(timeout=20)
    assert environment["TICKFRAME_URL"] in stdout


def test_sandbox_json_has_the_environment(tmp_path):
    """--json prints the same variables as an object."""
    with start("sandbox", "--json", cwd=tmp_path) as process:
        try:
            printed = json.loads("".join(process.stdout.readline() for _ in range(6)))
        finally:
            process.kill()
    assert set(printed) == {"TICKFRAME_URL", "TICKFRAME_USER", "TICKFRAME_PASSWORD", "TICKFRAME_CLIENT_SECRET"}


def test_a_taken_port_is_one_line(service, tmp_path):
    """The error names the port and says what to do."""
    port = service.url.rpartition(":")[2]
    code, stdout, stderr = run("sandbox", "--port", port, cwd=tmp_path)
    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"error: cannot bind 127.0.0.1:{port}: choose another --port")
    assert stderr.count("\n") == 1

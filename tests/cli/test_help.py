"""The help texts, and that their examples run."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from tests.cli.command import run as run_process
from tickframe.cli.app import app
from tickframe.cli.exit_codes import ExitCode

COMMANDS = [
    (),
    ("demo",),
    ("load",),
    ("lookup",),
    ("lookup", "sources"),
    ("lookup", "exchanges"),
    ("lookup", "symbols"),
    ("check",),
    ("sandbox",),
]


def help_of(*command):
    result = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    return result.stdout


def examples_of(*command):
    """Return the command lines below "Examples"."""
    lines = [line.strip() for line in help_of(*command).split("\n")]
    return [line for line in lines[lines.index("Examples") + 1 :] if line.startswith("tickframe")]


def test_help_lists_every_command():
    """The help lists the commands, and no command has an option for a secret."""
    shown = help_of()
    for command in ("demo", "load", "lookup", "check", "sandbox"):
        assert f" {command} " in shown
    assert not any("--password" in help_of(*command) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_has_examples(command):
    """Examples follow the options, and at least one calls the command itself."""
    assert any(example.startswith(" ".join(["tickframe", *command])) for example in examples_of(*command))


@pytest.mark.parametrize("command", [(), ("load",)], ids=["tickframe", "load"])
def test_the_help_documents_every_exit_code(command):
    """Every exit code of a command is listed in its help."""
    [codes] = re.findall(r"Exit codes: ([^.]*)\.", " ".join(help_of(*command).split()))
    assert {int(code.split()[0]) for code in codes.split("; ")} == {int(code) for code in ExitCode}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in {(), ("demo",), ("sandbox",)}])
def test_examples_run_unchanged(command, tmp_path, monkeypatch):
    """No example wraps in 80 columns, and each runs without an error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dax.txt").write_text("ZAL.XE\n")
    for example in examples_of(*command):
        arguments = shlex.split(re.split(r" [|>] ", example)[0])[1:]
        if "-" not in arguments:
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, (example, result.stderr)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tickframe load --type T", {"TRADES", "TRADES_AND_QUOTES"}),
        ("tickframe load --flag EXC", {"EXCLUDE_CANCELLED_TRADES"}),
        ("tickframe load --on-error ", {"raise", "collect"}),
        ("tickframe load --format ", {"arrow", "csv"}),
        ("tickframe lookup s", {"sources", "symbols"}),
    ],
)
def test_a_shell_completes_commands_and_values(typed, offered):
    """Bash gets the possible completions of a command line."""
    words = str(len(typed.split()) - (not typed.endswith(" ")))
    environment = {"_TICKFRAME_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": words}
    result = CliRunner(env=environment).invoke(app, [], prog_name="tickframe")
    assert (set(result.stdout.split()), result.stderr) == (offered, "")


def test_show_completion_prints_only_the_script(tmp_path):
    """--show-completion prints the script of the shell that starts it to stdout, and nothing to stderr."""
    script = (
        "import subprocess, sys; subprocess.run(['bash', '-c', sys.executable + ' -m tickframe --show-completion; :'])"
    )
    code, stdout, stderr = run_process(cwd=tmp_path, code=script)
    assert (code, stderr) == (0, "")
    assert "_TICKFRAME_COMPLETE=complete_bash" in stdout

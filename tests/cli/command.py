"""The command in a process of its own."""

import contextlib
import os
import subprocess
import sys
import termios
from pathlib import Path

import tickframe

# The package under test, in whichever directory the process starts.
PYTHONPATH = str(Path(tickframe.__file__).parents[1])


def start(*arguments, cwd, code=None, stdout=subprocess.PIPE, **environment):
    """Start the command, or a script, with no settings but the given ones."""
    command = ["-m", "tickframe", *arguments] if code is None else ["-c", code, *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TICKFRAME_")}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": PYTHONPATH, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run_on_terminal(*arguments, cwd, stdout_too=False):
    """Run the command with stderr, and optionally stdout, on a terminal, and return what is shown there."""
    terminal, stderr = os.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    with subprocess.Popen(
        [sys.executable, "-m", "tickframe", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
        stdout=stderr if stdout_too else subprocess.DEVNULL,
        stderr=stderr,
    ):
        os.close(stderr)
        shown = b""
        # At the end, Linux raises EIO where other systems return no bytes.
        with contextlib.suppress(OSError):
            while piece := os.read(terminal, 4096):
                shown += piece
    os.close(terminal)
    return shown.decode()


def run(*arguments, cwd, code=None):
    """Run the command, or a script, and return its exit code, stdout and stderr."""
    with start(*arguments, cwd=cwd, code=code) as process:
        stdout, stderr = process.communicate(timeout=50)
    return process.returncode, stdout, stderr

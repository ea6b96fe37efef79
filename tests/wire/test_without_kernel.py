"""The decoder's own tests, in a process where the kernel is left unused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
SCRIPT = """
import sys
import pytest
from tickframe.wire.reader import kernel
assert kernel is None
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_the_decoders_tests_pass_without_the_kernel() -> None:
    """As where nothing could be compiled: the same tests, and the official parser does all the work."""
    files = [str(PROJECT / "tests" / name) for name in ("wire/test_reader.py", "wire/test_wire_behaviour.py")]
    # Hypothesis' own profile in which it does not matter how fast a busy machine is.
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-profile", "ci"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *options, *files],
        cwd=PROJECT,
        env={**os.environ, "TICKFRAME_KERNEL": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

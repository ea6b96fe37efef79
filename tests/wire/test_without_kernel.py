"""The tests of the decoder in a process without the kernel."""

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


def test_the_tests_of_the_decoder_pass_without_the_kernel() -> None:
    """As if no kernel was built: the official parser decodes every message."""
    files = [str(PROJECT / "tests" / name) for name in ("wire/test_reader.py", "wire/test_wire_behaviour.py")]
    # The profile of Hypothesis without deadlines, for busy machines.
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

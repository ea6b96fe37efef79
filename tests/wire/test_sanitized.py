"""`make test-sanitized` tests the kernel that it builds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tickframe.wire import reader

SANITIZED = os.environ.get("SANITIZED_KERNEL", "")


@pytest.mark.skipif(not SANITIZED, reason="only for `make test-sanitized`")
def test_the_sanitized_kernel_is_loaded() -> None:
    assert reader.kernel is not None
    assert reader.kernel.__file__ == SANITIZED
    mapped = Path("/proc/self/maps").read_text()
    assert "libasan" in mapped
    assert "libubsan" in mapped

"""Both engines, in one process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire.comparison import without_kernel
from tickframe.wire import reader


@pytest.fixture(params=["kernel", "fallback"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the compiled kernel read what it can, or leave all to the official parser."""
    if request.param == "fallback":
        with without_kernel():
            yield "fallback"
    elif reader.kernel is None:
        pytest.skip("there is no compiled kernel")
    else:
        yield "kernel"

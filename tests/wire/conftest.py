"""Both engines in one process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire.comparison import without_kernel
from tickframe.wire import reader


@pytest.fixture(params=["kernel", "fallback"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Decode with the compiled kernel where possible, or only with the official parser."""
    if request.param == "fallback":
        with without_kernel():
            yield "fallback"
    elif reader.kernel is None:
        pytest.skip("there is no compiled kernel")
    else:
        yield "kernel"

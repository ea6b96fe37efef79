"""Fixtures of the sandbox's tests."""

import pytest

from tests.sandbox.caller import Caller
from tickframe.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def caller(sandbox):
    caller = Caller(sandbox)
    with caller.session:
        yield caller

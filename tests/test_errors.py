"""Errors: one tree, documented, picklable."""

from __future__ import annotations

import inspect
import pickle

import pytest

from tickframe import errors

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.TickframeError)]


@pytest.mark.parametrize("kind", TREE)
def test_every_error_is_exported_documented_and_picklable(kind: type[errors.TickframeError]) -> None:
    assert kind.__name__ in errors.__all__
    assert kind.__name__ in errors.__doc__
    error = kind("what", status=500) if issubclass(kind, errors.ServiceError) else kind("what")
    error.part = "tick_data symbol=ZAL.XE"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301, our own bytes
    assert type(again) is kind
    assert (str(again), vars(again)) == ("what [tick_data symbol=ZAL.XE]", vars(error))


@pytest.mark.parametrize("kind", [kind for kind in TREE if kind is not errors.TickframeError])
def test_every_error_says_what_happened_and_then_what_to_do(kind: type[errors.TickframeError]) -> None:
    """The first line is a sentence; the next paragraph is not a list of attributes."""
    happened, _, more = inspect.getdoc(kind).partition("\n\n")
    assert happened.endswith(".")
    assert "\n" not in happened
    assert more
    assert not more.startswith("Attributes")

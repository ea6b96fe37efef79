"""Unusual cases of the official parser, decoded by both engines."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.wire.comparison import difference, official_outcome, outcome
from tests.wire.test_wire_behaviour import nest, response_around
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame

# The list type of messages that are not lists.
LIST_OF = {"Date": "DateList"}


@pytest.fixture
def frames(specification: Path) -> dict[str, bytes]:
    """Return a frame for each case, by its name."""
    framed = {}
    for case in json.loads((specification / "wire_behaviour.json").read_text()):
        name, body = case["message"], bytes.fromhex(case["hex"])
        if name in LIST_OF:
            name, body = LIST_OF[name], nest(1, body)
        if name == "ResponseHeader":
            name, body = "DataResponse", nest(1, body)
        message = response_around(name, body)
        assert message is not None, case
        framed[case["id"]] = write_frame(message)
    assert len(framed) == 148
    return framed


def test_the_engines_agree_on_every_case(frames: dict[str, bytes]) -> None:
    engines = set()
    for name, frame in frames.items():
        ours = outcome(frame)
        assert difference(ours, official_outcome(frame)) == "", name
        engines.add("refused" if isinstance(ours, TickframeError) else ours[0].engine)
    assert engines >= {"refused", "fallback"}


class ByteByByte(io.BytesIO):
    """A source that returns one byte at a time."""

    def readinto(self, buffer: memoryview) -> int:
        return super().readinto(buffer[:1])


def test_results_do_not_depend_on_how_a_case_arrives(frames: dict[str, bytes]) -> None:
    for name, frame in frames.items():
        assert difference(outcome(ByteByByte(frame)), outcome(frame)) == "", name

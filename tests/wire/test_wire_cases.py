"""The official parser's odd cases, all of them, by both engines."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.wire.comparison import difference, official_outcome, outcome
from tests.wire.test_wire_behaviour import length_delimited, response_around
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame

# Messages that are no list: the list that holds them.
LIST_OF = {"Date": "DateList"}


@pytest.fixture
def frames(specification: Path) -> dict[str, bytes]:
    """Return the frame around each case, by the case's name."""
    framed = {}
    for case in json.loads((specification / "wire_behaviour.json").read_text()):
        name, body = case["message"], bytes.fromhex(case["hex"])
        if name in LIST_OF:
            name, body = LIST_OF[name], length_delimited(1, body)
        if name == "ResponseHeader":
            name, body = "DataResponse", length_delimited(1, body)
        message = response_around(name, body)
        assert message is not None, case
        framed[case["id"]] = write_frame(message)
    assert len(framed) == 148
    return framed


def test_both_engines_read_every_case_alike(frames: dict[str, bytes]) -> None:
    """Equal answers, or two errors: the kernel where it reads a case, the official parser always."""
    engines = set()
    for name, frame in frames.items():
        ours = outcome(frame)
        assert difference(ours, official_outcome(frame)) == "", name
        engines.add("refused" if isinstance(ours, TickframeError) else ours[0].engine)
    assert engines >= {"refused", "fallback"}


class ByteByByte(io.BytesIO):
    """A source that hands out a byte at a time."""

    def readinto(self, buffer: memoryview) -> int:
        return super().readinto(buffer[:1])


def test_a_case_is_the_same_however_it_arrives(frames: dict[str, bytes]) -> None:
    for name, frame in frames.items():
        assert difference(outcome(ByteByByte(frame)), outcome(frame)) == "", name

"""The two engines never differ: on what writers write, on what is legal, on what is damaged."""

from __future__ import annotations

import io
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.comparison import Outcome, difference, official_outcome, outcome
from tests.wire.encodings import KERNEL_LISTS, Answer, Canonical
from tests.wire.odd_encodings import Odd, damaged
from tests.wire.strategies import LABELS, answers, canonical_answers
from tickframe.errors import TickframeError
from tickframe.wire import reader
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import Marker, write_frame

examples = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

# Hypothesis draws every choice, and shrinks them.
RANDOMS = st.randoms(use_true_random=False)


def framed(message: bytes) -> bytes:
    return write_frame(message)


def engine_of(decoded: Outcome) -> str:
    assert not isinstance(decoded, TickframeError), decoded
    return decoded[0].engine


@examples
@given(canonical_answers())
def test_the_kernel_reads_what_writers_write_as_the_official_parser_does(answer: Answer) -> None:
    """A canonical answer takes the kernel where there is one, and both engines agree."""
    message = framed(Canonical().message(answer))
    ours = outcome(message, LABELS)
    assert difference(ours, official_outcome(message, LABELS)) == ""
    if not isinstance(ours, TickframeError):
        assert engine_of(ours) == ("kernel" if reader.kernel else "fallback")
        assert ours[0].batches[0].schema.names[len(LABELS) :] == [
            column.name for column in answer.columns if column.name not in ("label", "venue")
        ]


@examples
@given(answers())
def test_our_canonical_encoding_is_protobufs(answer: Answer) -> None:
    """What the tests write by hand as canonical says the same to protobuf when it is written again."""
    message = Canonical().message(answer)
    again = DataResponse.FromString(message).SerializeToString()
    assert len(again) == len(message)
    first, second = outcome(framed(message), LABELS), outcome(framed(again), LABELS)
    if not isinstance(first, TickframeError) and not isinstance(second, TickframeError):
        # protobuf writes a map's entries in any order.
        names = sorted(first[0].batches[0].schema.names)
        assert sorted(second[0].batches[0].schema.names) == names
        assert first[0].batches[0].select(names).equals(second[0].batches[0].select(names))
        assert first[0].engine == second[0].engine


@examples
@given(answers(), RANDOMS, st.sampled_from([0.02, 0.1, 0.4]))
def test_odd_encodings_say_what_the_canonical_one_says(answer: Answer, random: Random, oddity: float) -> None:
    """Whatever engine reads it, an answer in odd but legal bytes is the same answer."""
    canonical = outcome(framed(Canonical().message(answer)), LABELS)
    message = framed(Odd(random, oddity).message(answer))
    decoded = outcome(message, LABELS)
    assert without_bytes(difference(decoded, canonical)) == ""
    assert difference(decoded, official_outcome(message, LABELS)) == ""


def without_bytes(found: str) -> str:
    """Drop the one thing in which two encodings of an answer may differ."""
    return "" if found.startswith("bytes ") else found


@examples
@given(answers(KERNEL_LISTS), RANDOMS, st.sampled_from([0.0, 0.05]))
def test_damaged_messages_are_read_alike_or_refused_by_both(answer: Answer, random: Random, oddity: float) -> None:
    """Bits flipped, bytes added, taken away and spliced: equal answers, or two errors."""
    sound = Odd(random, oddity).message(answer)
    for message in (damaged(random, sound), Odd(random, oddity, damage=0.1).message(answer)):
        source = framed(message)
        assert difference(outcome(source, LABELS), official_outcome(source, LABELS)) == ""


@examples
@given(answers(KERNEL_LISTS), RANDOMS)
def test_damaged_frames_are_read_alike_or_refused_by_both(answer: Answer, random: Random) -> None:
    """Faults in markers and lengths, and frames run into one another."""
    sound = Canonical().message(answer)
    source = damaged(random, write_frame(sound, Marker.FIXED) + write_frame(sound))
    assert difference(outcome(source, LABELS), official_outcome(source, LABELS)) == ""


class Trickle(io.RawIOBase):
    """A source that hands out its bytes a few at a time."""

    def __init__(self, content: bytes, few: list[int]) -> None:
        self.rest = memoryview(content)
        self.few = few

    def readinto(self, buffer: memoryview) -> int:
        few = min(len(buffer), len(self.rest), self.few[len(self.rest) % len(self.few)])
        buffer[:few] = self.rest[:few]
        self.rest = self.rest[few:]
        return few


@examples
@given(answers(KERNEL_LISTS), RANDOMS, st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_how_the_bytes_arrive_says_nothing(answer: Answer, random: Random, few: list[int]) -> None:
    """A message that trickles in is decoded as one that is there, by the same engine."""
    source = framed(Odd(random, 0.01).message(answer))
    whole, trickled = outcome(source, LABELS), outcome(Trickle(source, few), LABELS)
    assert difference(trickled, whole) == ""
    if not isinstance(whole, TickframeError):
        assert engine_of(trickled) == engine_of(whole)


@pytest.mark.parametrize("body", [b"\x18\x07", b"\x2b\x08\x01\x2c", b"\x08\x41", b"\x10\x01", b"\x1a\x00"])
@settings(examples, max_examples=30)
@given(canonical_answers())
def test_a_column_that_would_vanish_is_an_error_of_both_engines(body: bytes, answer: Answer) -> None:
    """The documented difference to protobuf: a map entry that holds anything else raises."""
    entry = Canonical().entry("gone", [b"\x12\x00", body])
    message = Canonical().message(answer) + Canonical().nest(2, Canonical().nest(1, entry))
    for decoded in (outcome(framed(message)), official_outcome(framed(message))):
        assert isinstance(decoded, TickframeError)
        assert "would drop column 'gone'" in str(decoded)

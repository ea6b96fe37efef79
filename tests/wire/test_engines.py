"""The two engines never differ, on canonical, unusual and damaged messages."""

from __future__ import annotations

import io
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.comparison import Outcome, difference, official_outcome, outcome
from tests.wire.encodings import KERNEL_LISTS, Canonical, Response
from tests.wire.odd_encodings import Odd, damaged
from tests.wire.strategies import LABELS, canonical_responses, responses
from tickframe.errors import TickframeError
from tickframe.wire import reader
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import Marker, write_frame

examples = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

# Hypothesis makes every choice, so that it can shrink examples.
RANDOMS = st.randoms(use_true_random=False)


def framed(message: bytes) -> bytes:
    return write_frame(message)


def engine_of(decoded: Outcome) -> str:
    assert not isinstance(decoded, TickframeError), decoded
    return decoded[0].engine


@examples
@given(canonical_responses())
def test_the_kernel_decodes_canonical_messages_as_the_official_parser_does(response: Response) -> None:
    message = framed(Canonical().message(response))
    ours = outcome(message, LABELS)
    assert difference(ours, official_outcome(message, LABELS)) == ""
    if not isinstance(ours, TickframeError):
        assert engine_of(ours) == ("kernel" if reader.kernel else "fallback")
        assert ours[0].batches[0].schema.names[len(LABELS) :] == [
            column.name for column in response.columns if column.name not in ("label", "venue")
        ]


@examples
@given(responses())
def test_the_canonical_encoding_is_that_of_protobuf(response: Response) -> None:
    """Messages that the tests encode by hand do not change when protobuf parses and serializes them."""
    message = Canonical().message(response)
    again = DataResponse.FromString(message).SerializeToString()
    assert len(again) == len(message)
    first, second = outcome(framed(message), LABELS), outcome(framed(again), LABELS)
    if not isinstance(first, TickframeError) and not isinstance(second, TickframeError):
        # protobuf writes the entries of a map in any order.
        names = sorted(first[0].batches[0].schema.names)
        assert sorted(second[0].batches[0].schema.names) == names
        assert first[0].batches[0].select(names).equals(second[0].batches[0].select(names))
        assert first[0].engine == second[0].engine


@examples
@given(responses(), RANDOMS, st.sampled_from([0.02, 0.1, 0.4]))
def test_unusual_encodings_are_decoded_like_canonical_ones(response: Response, random: Random, oddity: float) -> None:
    canonical = outcome(framed(Canonical().message(response)), LABELS)
    message = framed(Odd(random, oddity).message(response))
    decoded = outcome(message, LABELS)
    assert without_bytes(difference(decoded, canonical)) == ""
    assert difference(decoded, official_outcome(message, LABELS)) == ""


def without_bytes(found: str) -> str:
    """Ignore the size, the only allowed difference between two encodings of a response."""
    return "" if found.startswith("bytes ") else found


@examples
@given(responses(KERNEL_LISTS), RANDOMS, st.sampled_from([0.0, 0.05]))
def test_the_engines_agree_on_damaged_messages(response: Response, random: Random, oddity: float) -> None:
    """Bits are flipped, bytes inserted, removed and spliced: equal responses, or two errors."""
    sound = Odd(random, oddity).message(response)
    for message in (damaged(random, sound), Odd(random, oddity, damage=0.1).message(response)):
        source = framed(message)
        assert difference(outcome(source, LABELS), official_outcome(source, LABELS)) == ""


@examples
@given(responses(KERNEL_LISTS), RANDOMS)
def test_the_engines_agree_on_damaged_frames(response: Response, random: Random) -> None:
    """Faults in markers and lengths, in two frames one after the other."""
    sound = Canonical().message(response)
    source = damaged(random, write_frame(sound, Marker.FIXED) + write_frame(sound))
    assert difference(outcome(source, LABELS), official_outcome(source, LABELS)) == ""


class Trickle(io.RawIOBase):
    """A source that returns a few bytes at a time."""

    def __init__(self, content: bytes, few: list[int]) -> None:
        self.rest = memoryview(content)
        self.few = few

    def readinto(self, buffer: memoryview) -> int:
        few = min(len(buffer), len(self.rest), self.few[len(self.rest) % len(self.few)])
        buffer[:few] = self.rest[:few]
        self.rest = self.rest[few:]
        return few


@examples
@given(responses(KERNEL_LISTS), RANDOMS, st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_results_do_not_depend_on_how_the_bytes_arrive(response: Response, random: Random, few: list[int]) -> None:
    source = framed(Odd(random, 0.01).message(response))
    whole, trickled = outcome(source, LABELS), outcome(Trickle(source, few), LABELS)
    assert difference(trickled, whole) == ""
    if not isinstance(whole, TickframeError):
        assert engine_of(trickled) == engine_of(whole)


@pytest.mark.parametrize("body", [b"\x18\x07", b"\x2b\x08\x01\x2c", b"\x08\x41", b"\x10\x01", b"\x1a\x00"])
@settings(examples, max_examples=30)
@given(canonical_responses())
def test_a_column_that_protobuf_drops_is_an_error_of_both_engines(body: bytes, response: Response) -> None:
    """The documented difference from protobuf: a map entry with another field is an error."""
    entry = Canonical().entry("gone", [b"\x12\x00", body])
    message = Canonical().message(response) + Canonical().nest(2, Canonical().nest(1, entry))
    for decoded in (outcome(framed(message)), official_outcome(framed(message))):
        assert isinstance(decoded, TickframeError)
        assert "would drop column 'gone'" in str(decoded)

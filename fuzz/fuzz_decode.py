"""Decode random and damaged responses with both engines, until they differ.

    python -m fuzz.fuzz_decode --executions 5000000 --processes 2 --seed 1

An execution is one message. Most are compared column by column, with the message split at random
places as if it were arriving; one in eight is framed and decoded by ``read_responses``. It stops at the
first difference, or at the first error other than the package's, and shows the message.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import pyarrow as pa

from fuzz.random_responses import LABELS, NAMES, random_response
from tests.wire.comparison import array_difference, difference, official_outcome, outcome
from tests.wire.encodings import Canonical
from tests.wire.odd_encodings import Odd, damaged
from tickframe.catalogue import Column, ColumnKind
from tickframe.errors import TickframeError
from tickframe.wire import fallback, reader
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import Frame, Marker, write_frame
from tickframe.wire.limits import ResponseLimit

COLUMNS = tuple(Column(name, ColumnKind.LABEL) for name in NAMES if name in LABELS)

# How many damaged messages are made of one response: to draw a response takes longer than to damage it.
DAMAGED_OF_CANONICAL = 8
DAMAGED_OF_ODD = 2
ROUND = 5000


class Difference(Exception):  # noqa: N818, it is a result
    """The engines decode a message differently."""


def messages(random: Random) -> Iterator[bytes]:
    """Draw an endless sequence of canonical, unusual and damaged messages."""
    odd = Odd(random)
    previous = b""
    while True:
        response = random_response(random)
        canonical = Canonical().message(response)
        yield canonical
        for _ in range(DAMAGED_OF_CANONICAL):
            yield damaged(random, canonical, previous)
        odd.oddity, odd.damage = random.choice((0.03, 0.2)), 0.0
        yield (unusual := odd.message(response))
        for _ in range(DAMAGED_OF_ODD):
            yield damaged(random, unusual, canonical)
        # With valid lengths, damage reaches further in.
        for odd.oddity in (0.0,) * 10 + (0.03,) * 2:
            odd.damage = random.choice((0.02, 0.05, 0.2))
            yield odd.message(response)
        previous = canonical


def arriving(random: Random, message: bytes) -> Iterator[memoryview]:
    """Split a message as it may arrive over a connection."""
    view = memoryview(message)
    if random.random() < 0.3:
        for cut in sorted(int(random.random() * len(message)) for _ in range(2)):
            yield view[:cut]
    yield view


Arrays = tuple[dict[str, pa.Array], DataResponse]


def compare_arrays(random: Random, message: bytes) -> str:
    """Compare the columns of a message, and return the engine that decoded it."""
    frame = Frame(len(message), arriving(random, message))
    try:
        arrays, parsed, engine = reader._read_message(frame, LABELS, ResponseLimit())  # noqa: SLF001
    except TickframeError as error:
        try:
            fallback.read_arrays(memoryview(message), LABELS, ResponseLimit())
        except TickframeError:
            return "refused"
        raise Difference(f"only the official parser accepts it: {error!r}") from error
    for array in arrays.values():
        array.validate(full=True)
    if engine == "fallback":
        return engine
    try:
        expected, whole = fallback.read_arrays(memoryview(message), LABELS, ResponseLimit())
    except TickframeError as error:
        raise Difference(f"only the kernel accepts it: {error!r}") from error
    if list(arrays) != list(expected):
        raise Difference(f"columns {list(arrays)} are not {list(expected)}")
    for name, array in arrays.items():
        if found := array_difference(array, expected[name]):
            raise Difference(f"column {name!r}: {found}")
    whole.ClearField("data")
    whole.DiscardUnknownFields()
    parsed.DiscardUnknownFields()
    if parsed.SerializeToString(deterministic=True) != whole.SerializeToString(deterministic=True):
        raise Difference(f"{parsed} is not {whole}")
    return engine


def compare_responses(random: Random, message: bytes) -> str:
    """Compare the responses in frames, some of them damaged, and return the engine that decoded the first."""
    framed = write_frame(message, random.choice(tuple(Marker)))
    if random.random() < 0.2:
        framed = damaged(random, framed)
    if random.random() < 0.1:
        framed += framed
    columns = COLUMNS if random.random() < 0.8 else ()
    ours = outcome(framed, columns)
    if found := difference(ours, official_outcome(framed, columns)):
        raise Difference(f"frame {framed.hex()}: {found}")
    return "refused" if isinstance(ours, TickframeError) else ours[0].engine


def execute(random: Random, message: bytes, *, framed: bool) -> str:
    """Compare one message, and add it to any exception."""
    try:
        return compare_responses(random, message) if framed else compare_arrays(random, message)
    except BaseException as error:
        error.add_note(f"message: {message.hex()}")
        raise


def fuzz(seed: int, executions: int, reports: multiprocessing.Queue[Counter[str]]) -> None:
    """Compare messages, and report the counts regularly."""
    if reader.kernel is None:
        raise SystemExit("the kernel is not built: there is nothing to compare with the official parser")
    random = Random(seed)  # noqa: S311, results must be reproducible
    counted: Counter[str] = Counter()
    for number, message in enumerate(messages(random), 1):
        framed = number % 8 == 0
        counted[execute(random, message, framed=framed)] += 1
        counted["framed"] += framed
        if number % ROUND == 0 or number == executions:
            reports.put(counted)
            counted = Counter()
        if number == executions:
            return


def main() -> int:
    """Run the processes; return 1 if one of them found a difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executions", type=int, default=5_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    reports: multiprocessing.Queue[Counter[str]] = multiprocessing.Queue()
    share = -(-chosen.executions // chosen.processes)
    workers = [
        multiprocessing.Process(target=fuzz, args=(chosen.seed + number, share, reports))
        for number in range(chosen.processes)
    ]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    total: Counter[str] = Counter()
    rounds = 0
    while any(worker.is_alive() for worker in workers) or not reports.empty():
        if any(worker.exitcode for worker in workers):
            break
        if reports.empty():
            time.sleep(0.2)
            continue
        total += reports.get()
        rounds += 1
        if rounds % 20 == 0:
            report(total, time.monotonic() - began)
    failed = [worker for worker in workers if worker.exitcode]
    for worker in workers:
        if failed:
            worker.terminate()
        worker.join()
    report(total, time.monotonic() - began)
    sys.stdout.write(f"findings: {len(failed)}\n")
    return 1 if failed else 0


def report(total: Counter[str], seconds: float) -> None:
    """Print the progress."""
    executions = total["kernel"] + total["fallback"] + total["refused"]
    shares = ", ".join(f"{total[name]:,} {name}" for name in ("kernel", "fallback", "refused", "framed"))
    sys.stdout.write(f"{executions:,} executions in {seconds:,.0f} s: {shares}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

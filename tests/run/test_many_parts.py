"""Many concurrent requests under faults: complete, in order, bounded, and without leaks."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from collections import Counter
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickframe as tf
from tests.faults.fixtures import open_sockets, threads_of_runs, wait_until
from tests.faults.server import Ending, FaultServer, Framing, Received, Response, answer, page, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, symbol_of, symbols, ticks_for
from tickframe import errors
from tickframe.http.cancellation import Cancellation
from tickframe.plan.plan import Options
from tickframe.run.ordered_pool import OrderedPool

pytestmark = pytest.mark.usefixtures("waits")

PARTS = symbols(60)
STALL = answer().before_any_byte(Ending.STALLED)

Check = Callable[[], None]


def faulty(seed: int, rate: float = 0.3) -> Callable[[Received], Response]:
    """Respond with transient faults at a rate."""
    draw = random.Random(seed)
    lock = threading.Lock()

    def reply(request: Received) -> Response:
        frame = framed_ticks(symbol_of(request))
        complete = answer(frame)
        faults = [
            complete.before_any_byte(Ending.RESET),
            complete.cut_in_head(Ending.RESET),
            complete.cut_in_body(len(frame) // 2, Ending.RESET),
            complete.cut_in_body(len(frame) - 1),
            answer(frame, framing=Framing.CLOSE).cut_in_body(99),
            answer(frame, framing=Framing.CHUNKED).cut_in_body(99),
            refusal(429),
            refusal(500),
            refusal(503),
        ]
        with lock:
            return draw.choice(faults) if draw.random() < rate else complete

    return reply


def failing(symbol: str, fault: Response) -> Callable[[Received], Response]:
    """Respond normally, except to one symbol."""
    return lambda request: fault if symbol_of(request) == symbol else ticks_for(request)


@pytest.mark.parametrize("seed", range(5))
def test_every_row_arrives_once_and_in_order_despite_transient_faults(
    server: FaultServer, client: tf.Client, seed: int
) -> None:
    server.serve(faulty(seed))
    query = ask(client, PARTS)
    assert arrived(query.to_arrow()) == expected(PARTS)
    assert sum(outcome.attempts for outcome in query.outcomes) == len(server.received) > len(PARTS)
    assert [outcome.rows for outcome in query.outcomes] == [5] * len(PARTS)


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("place", [0, 30, 59])
def test_the_error_of_a_part_ends_the_run_without_leaks(
    server: FaultServer, leaves_nothing: Check, workers: int, place: int
) -> None:
    server.serve(failing(PARTS[place], refusal(403, "not yours")))
    with tf.Client(server.url, token=SECRET, max_workers=workers) as client:
        query = ask(client, PARTS)
        with pytest.raises(errors.PermissionDeniedError, match="not yours") as raised:
            query.to_arrow()
        assert f"symbol={PARTS[place]} " in raised.value.part
        assert threads_of_runs() == []
        assert query.outcomes[-1].error == str(raised.value)
    leaves_nothing()


def test_a_failure_does_not_wait_for_parts_that_stall(
    server: FaultServer, client: tf.Client, leaves_nothing: Check
) -> None:
    """Some stall before the header, some in the body."""

    def reply(request: Received) -> Response:
        symbol = symbol_of(request)
        if symbol == PARTS[-1]:
            server.wait_for_requests(8)
            return refusal(403)
        return STALL if int(symbol[1:]) % 2 else ticks_for(request).cut_in_body(99, Ending.STALLED)

    server.serve(reply)
    with pytest.raises(errors.PermissionDeniedError):
        ask(client, PARTS).to_arrow()
    assert threads_of_runs() == []
    client.close()
    leaves_nothing()


def test_collected_failures_are_in_the_outcomes(server: FaultServer, client: tf.Client) -> None:
    refused = {PARTS[3], PARTS[40]}
    server.serve(lambda request: refusal(403, "not yours") if symbol_of(request) in refused else ticks_for(request))
    query = ask(client, PARTS)
    with pytest.warns(tf.TickframeWarning, match="not yours"):
        frame = query.to_pandas(on_error="collect", index=None)
    left = [symbol for symbol in PARTS if symbol not in refused]
    assert list(zip(frame["symbol"], frame["trade_size"], strict=True)) == expected(left)
    assert frame.attrs["failed_parts"] == 2
    assert len(query.outcomes) == len(PARTS)
    assert {dict(outcome.part.parameters)["symbol"] for outcome in query.outcomes.failed} == refused
    with pytest.raises(errors.FailedPartsError, match="2 of 60 parts failed") as raised:
        query.outcomes.raise_for_errors()
    assert raised.value.failed == tuple(query.outcomes.failed)


def test_every_row_arrives_once_after_many_failures(server: FaultServer, client: tf.Client) -> None:
    """Each part fails three times: in the service, in a gateway, and with a gateway's HTML page."""
    attempts = Counter[str]()
    lock = threading.Lock()

    def reply(request: Received) -> Response:
        symbol = symbol_of(request)
        with lock:
            attempts[symbol] += 1
            failed = attempts[symbol]
        return {1: refusal(500), 2: refusal(503), 3: page(503)}.get(failed) or ticks_for(request)

    server.serve(reply)
    query = ask(client, PARTS)
    assert arrived(query.to_arrow()) == expected(PARTS)
    assert {outcome.attempts for outcome in query.outcomes} == {4}


def test_a_service_that_is_down_fails_every_part_and_leaves_the_columns(server: FaultServer, client: tf.Client) -> None:
    server.script(refusal(503, "down"))
    query = ask(client, PARTS[:10])
    with pytest.warns(tf.TickframeWarning, match="down"):
        frame = query.to_pandas(on_error="collect", index=None)
    assert list(frame.columns) == ["symbol", "date", "time", "trade", "trade_size", "trade_condition"]
    assert (len(frame), frame.attrs["failed_parts"]) == (0, 10)


def test_the_first_and_the_last_part_are_requested_first(server: FaultServer) -> None:
    both_arrived = threading.Event()

    def reply(request: Received) -> Response:
        both_arrived.wait(20)
        return refusal(403) if symbol_of(request) == PARTS[-1] else ticks_for(request)

    server.serve(reply)
    with tf.Client(server.url, token=SECRET, max_workers=2) as client:

        def load() -> None:
            with pytest.raises(errors.PermissionDeniedError):
                ask(client, PARTS).to_arrow()

        running = threading.Thread(target=load)
        running.start()
        server.wait_for_requests(2)
        assert {symbol_of(request) for request in server.received} == {PARTS[0], PARTS[-1]}
        both_arrived.set()
        running.join()


class Gate:
    """Responds normally, but to one symbol only after the gate has opened."""

    def __init__(self, closed_for: str) -> None:
        self.opened = threading.Event()
        self._closed_for = closed_for

    def __call__(self, request: Received) -> Response:
        if symbol_of(request) == self._closed_for:
            self.opened.wait(20)
        return ticks_for(request)


@pytest.mark.parametrize("workers", [2, 4])
def test_responses_that_wait_are_bounded_in_bytes(server: FaultServer, workers: int) -> None:
    """While the reader pauses after the first response, threads only finish the requests in progress."""
    server.serve(ticks_for)
    with tf.Client(server.url, token=SECRET) as client:
        reader = ask(client, PARTS, Options(max_workers=workers, max_bytes=1)).to_reader()
        first = reader.read_next_batch()
        # The first was read and the second is next; any other reaches the limit.
        assert settled(server) <= 2 + workers
        rest = reader.read_all()
    assert arrived(pa.Table.from_batches([first, *rest.to_batches()])) == expected(PARTS)


def test_responses_that_wait_are_bounded_in_number(server: FaultServer) -> None:
    gate = Gate(closed_for=PARTS[0])
    server.serve(gate)
    with tf.Client(server.url, token=SECRET, max_workers=4) as client:
        tables: list[pa.Table] = []
        running = threading.Thread(target=lambda: tables.append(ask(client, PARTS).to_arrow()))
        running.start()
        server.wait_for_requests(12)
        assert settled(server) == 12
        gate.opened.set()
        running.join()
    assert arrived(tables[0]) == expected(PARTS)


def settled(server: FaultServer) -> int:
    """Return the number of requests once it has stopped growing."""
    before = -1
    while before != len(server.received):
        before = len(server.received)
        threading.Event().wait(0.2)
    return before


@pytest.mark.parametrize("place", [0, 7, 19])
def test_an_unexpected_error_ends_a_run_at_once(place: int) -> None:
    """Such as a bug or a MemoryError, in whichever call."""

    def call(number: int) -> int:
        return 1 // (number - place)

    pool = OrderedPool(
        call, size=abs, is_final=lambda _: False, max_workers=2, max_bytes=1, cancellation=Cancellation()
    )
    with pytest.raises(ZeroDivisionError):
        list(pool.results(range(20)))
    assert threads_of_runs() == []


@pytest.mark.parametrize("ending", ["deleted", "in a cycle", "after an error of the reader's own"])
def test_an_abandoned_reader_leaves_no_thread_and_no_socket(
    server: FaultServer, client: tf.Client, leaves_nothing: Check, ending: str
) -> None:
    server.serve(lambda request: ticks_for(request) if symbol_of(request) < PARTS[3] else STALL)
    sockets = open_sockets()
    reader = ask(client, PARTS).to_reader()
    reader.read_next_batch()
    assert threads_of_runs() != []
    match ending:
        case "deleted":
            reader.close()
            del reader
        case "in a cycle":
            cycle: list[object] = [reader]
            cycle.append(cycle)
            del reader, cycle
            gc.collect()
        case _:
            with pytest.raises(ZeroDivisionError):
                _divide_in(reader)
            del reader
    assert threads_of_runs() == []
    client.close()
    leaves_nothing()
    # The server may still have to accept connections that are closed.
    wait_until(lambda: open_sockets() <= sockets)


def _divide_in(reader: pa.RecordBatchReader) -> None:
    for _ in reader:
        raise ZeroDivisionError


@pytest.mark.parametrize("ending", ["closed", "not read on"])
def test_an_idle_reader_has_no_threads_once_its_requests_are_done(
    server: FaultServer, leaves_nothing: Check, ending: str
) -> None:
    """A reader that is closed is not reported by pyarrow; the client closes the connections."""
    server.serve(ticks_for)
    with tf.Client(server.url, token=SECRET, max_workers=4) as client:
        reader = ask(client, PARTS).to_reader()
        first = reader.read_next_batch()
        if ending == "closed":
            reader.close()
        wait_until(lambda: threads_of_runs() == [])
        assert len(server.received) < len(PARTS)
        if ending == "not read on":
            assert arrived(pa.Table.from_batches([first, *reader])) == expected(PARTS)
    leaves_nothing()


def test_the_pool_runs_one_call_for_each_worker_also_after_a_pause() -> None:
    """A call ends only when all four are running, and a fifth would be counted."""
    running = Counter[str]()
    most = 0
    lock = threading.Lock()
    all_running = threading.Barrier(4)

    def call(place: int) -> int:
        nonlocal most
        with lock:
            running["now"] += 1
            most = max(most, running["now"])
        all_running.wait(20)
        with lock:
            running["now"] -= 1
        return place

    pool = OrderedPool(
        call, size=abs, is_final=lambda _: False, max_workers=4, max_bytes=9999, cancellation=Cancellation()
    )
    taken = []
    for place in pool.results(range(40)):
        taken.append(place)
        if len(taken) % 4 == 0:
            wait_until(lambda: threads_of_runs() == [])
    assert (taken, most) == (list(range(40)), 4)


@given(
    workers=st.integers(2, 5),
    sizes=st.lists(st.integers(0, 9), min_size=2, max_size=20),
    max_bytes=st.integers(1, 30),
    pauses=st.sets(st.integers(0, 19)),
)
@settings(max_examples=60, deadline=None)
def test_the_pool_is_complete_and_in_order_with_any_limits(
    workers: int, sizes: list[int], max_bytes: int, pauses: set[int]
) -> None:
    """Also if the reader pauses until no thread is left."""
    pool: OrderedPool[int, int] = OrderedPool(
        lambda place: place,
        size=lambda place: sizes[place],
        is_final=lambda _: False,
        max_workers=workers,
        max_bytes=max_bytes,
        cancellation=Cancellation(),
    )
    taken = []
    for place in pool.results(range(len(sizes))):
        taken.append(place)
        if place in pauses:
            wait_until(lambda: threads_of_runs() == [])
    assert taken == list(range(len(sizes)))
    assert threads_of_runs() == []


def test_a_client_works_inside_a_running_event_loop(server: FaultServer, client: tf.Client) -> None:
    server.serve(faulty(seed=1))

    async def load() -> pa.Table:
        return ask(client, PARTS).to_arrow()

    assert arrived(asyncio.run(load())) == expected(PARTS)


def test_threads_share_a_client(server: FaultServer, client: tf.Client, caplog: pytest.LogCaptureFixture) -> None:
    """Each of 16 threads gets its own rows, and urllib3 does not log that its pool is full."""
    server.serve(faulty(seed=2, rate=0.1))
    results: dict[int, bool] = {}
    start = threading.Barrier(16)

    def load(number: int) -> None:
        own = [f"T{number:02}{symbol}" for symbol in PARTS[:12]]
        start.wait()
        results[number] = arrived(ask(client, own).to_arrow()) == expected(own)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(16), True)
    assert threads_of_runs() == []
    assert "pool is full" not in caplog.text


def test_progress_counts_every_part_once_and_is_closed(server: FaultServer) -> None:
    counted = Counter[str]()

    class Bar:
        def update(self, n: int, /) -> None:
            counted["parts"] += n

        def close(self) -> None:
            counted["closed"] += 1

    server.serve(faulty(seed=3))
    with tf.Client(server.url, token=SECRET, progress=Bar()) as client:
        ask(client, PARTS).to_arrow()
    assert counted == {"parts": len(PARTS), "closed": 1}

"""Requests to a sandbox in a process of its own: one long response, many small ones, and the memory of an export.

``python -m benchmarks.over_http PARTS ACCOUNT`` exports in the process whose memory is measured.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import requests

import tickframe as tf
from benchmarks.frames import SYMBOL, TICKS
from benchmarks.markdown import milliseconds, table, times
from benchmarks.memory import peak_resident
from benchmarks.peers import lists_to_dataframe
from benchmarks.services import DAY, Account, child_process, days_of_trades, sandbox_process, write_market
from benchmarks.timing import interleaved
from tickframe.wire.frames import write_frame

_DELAY = 0.05

_LONG_ROUNDS = 7
# The sandbox keeps the encoded response: encoding it again would be in every time.
_KEPT_BYTES = 512 * 1024 * 1024

_PARTS, _PARTS_ROWS, _PARTS_ROUNDS = 200, 200, 3
_SMALL_ROUNDS = 50
_FEW, _MANY = 50, 1_000


def long_response_section(rows: int) -> str:
    """Time ways to load one day of trades with quotes."""
    ours, by_hand, bare = "tickframe, to DataFrame", "requests, protobuf, lists by hand, to DataFrame", "bare requests"
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), rows)
        with sandbox_process(Path(folder), _DELAY, _KEPT_BYTES) as account, tf.Client(**account) as client:
            query = client.tick_data("LOCAL", SYMBOL, DAY, data_type="TRADES_AND_QUOTES")
            if (received := len(query.to_pandas())) != rows:
                raise ValueError(f"the sandbox sent {received:,} rows of {rows:,}")
            post = _bare_request(account, query, requests.post)
            calls = {ours: query.to_pandas, by_hand: lambda: lists_to_dataframe(post()), bare: post}
            timings = interleaved(calls, _LONG_ROUNDS)
    reference = timings[ours]
    compared = [
        (name, milliseconds(timing.median), milliseconds(timing.fastest), times(timing.ratio(reference)))
        for name, timing in timings.items()
    ]
    targets = [
        (f"{ours}, relative to {bare}", times(reference.ratio(timings[bare])), "at most 1.1x"),
        (f"{ours}, faster than {by_hand}", times(timings[by_hand].ratio(reference)), "at least 10x"),
    ]
    return (
        f"## Over HTTP\n\nOne response of {rows:,} rows x {len(TICKS.columns)} columns from a sandbox in a process of "
        "its own. The sandbox keeps the encoded table, as a service with a cache does, and encodes only the header for "
        "each response, so that the transfer is what is timed. Each response is delayed by 50 ms. *Bare requests* is "
        "`requests.post(...).content`.\n\n"
        + table(("method", "median", "fastest", "relative to tickframe"), compared)
        + "\n\n"
        + table(("what", "result", "target"), targets)
    )


def many_parts_section() -> str:
    """Time many small responses together and one alone, and measure the memory of an export."""
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), _PARTS_ROWS, _MANY)
        with sandbox_process(Path(folder), _DELAY) as account:
            one = days_of_trades(tf.Client(**account, max_workers=1), _PARTS)
            eight = days_of_trades(tf.Client(**account, max_workers=8), _PARTS)
            parts = interleaved({"1 worker": one.to_arrow, "8 workers": eight.to_arrow}, _PARTS_ROUNDS)
        with sandbox_process(Path(folder)) as account:
            query = days_of_trades(tf.Client(**account), 1)
            post = _bare_request(account, query, requests.Session().post)
            small = interleaved({"tickframe": query.to_arrow, "bare": post}, _SMALL_ROUNDS)
            few, many = (_peak_of_export(parts, account) for parts in (_FEW, _MANY))
    rows = [
        (
            f"{_PARTS} parts, 8 workers relative to 1",
            f"{times(parts['1 worker'].ratio(parts['8 workers']))} as fast",
            "at least 6.5x",
        ),
        (
            "overhead of a small part over bare requests",
            milliseconds(small["tickframe"].median - small["bare"].median),
            "under 1 ms",
        ),
        (f"peak memory of an export of {_MANY:,} parts, relative to {_FEW} parts", times(many / few), "at most 1.1x"),
    ]
    return (
        "## Many parts\n\nFrom a sandbox in a process of its own. In the first row each response is delayed by 50 ms."
        "\n\n" + table(("what", "result", "target"), rows)
    )


def _bare_request(account: Account, query: tf.Query, post: Callable[..., requests.Response]) -> Callable[[], bytes]:
    """Return a function that sends the one request of a query with requests alone and returns the body."""
    granted = post(
        f"{account['base_url']}/auth/oauth/token",
        auth=("xyt", account["client_secret"]),
        data={"grant_type": "password", "username": account["user"], "password": account["password"]},
        timeout=30,
    )
    headers = {
        "Authorization": f"Bearer {granted.json()['access_token']}",
        "Content-Type": "application/octet-stream",
    }
    [part] = query.plan.parts
    body = write_frame(part.to_message("").SerializeToString())

    def send() -> bytes:
        response = post(f"{account['base_url']}/get/tickData", data=body, headers=headers, timeout=300)
        response.raise_for_status()
        return response.content

    return send


def _peak_of_export(parts: int, account: Account) -> int:
    with child_process("benchmarks.over_http", str(parts), json.dumps(account)) as (_, output):
        return int(output.read())


def _main(parts: int, account: Account) -> None:
    """Export, and print the peak of the resident memory."""
    with tempfile.TemporaryDirectory() as folder, tf.Client(**account) as client:
        days_of_trades(client, parts).to_parquet(folder)
    print(peak_resident())


if __name__ == "__main__":
    _main(int(sys.argv[1]), json.loads(sys.argv[2]))

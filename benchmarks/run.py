"""Time the main job beside the way people write by hand: one process, the same answer, in turns.

Absolute times belong to the machine; the ratios are the result.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import requests
from by_hand import lists_by_hand
from market import DAY, SYMBOL, write_market

import tickframe as tf
from tickframe.arguments import check_arguments
from tickframe.catalogue import FUNCTIONS
from tickframe.dataframe import to_dataframe
from tickframe.decode import read_batches
from tickframe.frames import write_frame
from tickframe.part import split
from tickframe.sandbox import Sandbox

ROWS = 1_000_000
ROUNDS = 5


def framed_answer(sandbox: Sandbox, token: str) -> bytes:
    """Ask for the big day with requests alone, and return the answer's bytes."""
    asked = {"source": "LOCAL", "symbol": SYMBOL, "day": DAY, "data_type": "TRADES_AND_QUOTES"}
    function = FUNCTIONS["tick_data"]
    [part] = split(function, check_arguments(function, asked))
    body = write_frame(part.to_message("", {}).SerializeToString())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    return requests.post(f"{sandbox.url}/get/tickData", data=body, headers=headers, timeout=300).content


def access_token(sandbox: Sandbox) -> str:
    """Get a token with requests alone."""
    granted = requests.post(
        f"{sandbox.url}/auth/oauth/token",
        auth=("xyt", sandbox.client_secret),
        data={"grant_type": "password", "username": sandbox.user, "password": sandbox.password},
        timeout=30,
    )
    return str(granted.json()["access_token"])


def medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Run the ways in turns, so that a noisy moment hits them alike, and return median seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


def report(title: str, times: dict[str, float], reference: str) -> None:
    """Print a table of times, and of each way's time as a multiple of the reference's."""
    print(f"\n{title}")
    for name, seconds in times.items():
        print(f"  {name:<42} {seconds * 1000:9.1f} ms   {seconds / times[reference]:6.2f}x")


def main() -> None:
    """Print both comparisons."""
    columns = FUNCTIONS["tick_data"].columns_for(tf.TickDataType.TRADES_AND_QUOTES)
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), ROWS)
        with Sandbox(folder) as sandbox, sandbox.client() as client:
            query = client.tick_data("LOCAL", SYMBOL, DAY, data_type="TRADES_AND_QUOTES")
            token = access_token(sandbox)
            framed = framed_answer(sandbox, token)
            frame = query.to_pandas()
            print(f"an answer of {len(frame):,} rows x 10 columns, {len(framed) / 1e6:.0f} MB, median of {ROUNDS}")

            def decode() -> pa.Table:
                return pa.Table.from_batches(read_batches(framed, columns))

            table = decode()
            report(
                "framed bytes to DataFrame, in memory",
                medians(
                    {
                        "tickframe": lambda: to_dataframe(decode(), timestamp=("date", "time")),
                        "  of this, bytes to Arrow": decode,
                        "  of this, Arrow to DataFrame": lambda: to_dataframe(table, timestamp=("date", "time")),
                        "protobuf, lists, DataFrame by hand": lambda: lists_by_hand(framed),
                        "a copy of the bytes": lambda: bytearray(framed),
                    }
                ),
                "tickframe",
            )
            report(
                "over HTTP from the sandbox, which builds the answer anew each time",
                medians(
                    {
                        "tickframe": query.to_pandas,
                        "requests, protobuf, lists, DataFrame": lambda: lists_by_hand(framed_answer(sandbox, token)),
                        "requests.post(...).content alone": lambda: framed_answer(sandbox, token),
                    }
                ),
                "tickframe",
            )


if __name__ == "__main__":
    warnings.simplefilter("ignore", tf.TickframeWarning)
    sys.exit(main())

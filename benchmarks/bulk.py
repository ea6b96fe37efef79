"""Many parts: how much faster together than one after another, what a part costs, and the memory of an export.

Run as a program it is the process whose memory is measured: ``python -m benchmarks.bulk PARTS URL USER PASSWORD SECRET``.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import requests

import tickframe as tf
from benchmarks.market import DAY, SYMBOL, write_market
from benchmarks.measure import Timing, in_turns
from benchmarks.memory import highest
from benchmarks.service_process import Account, served
from tickframe.catalogue import FUNCTIONS
from tickframe.plan.arguments import check_arguments
from tickframe.plan.part import split
from tickframe.wire.frames import write_frame

__all__ = ["ALONE", "BARE", "ONE_PART", "TOGETHER", "Bulk", "measure_bulk"]

ALONE, TOGETHER = "one after another", "with 8 workers"
BARE, ONE_PART = "requests.post(...).content alone", "tickframe, to Arrow"

_DELAY = 0.05
_PARTS = 200
_FEW, _MANY = 50, 1_000
_ROWS = 200
_SMALL_ROUNDS = 50


@dataclass
class Bulk:
    """What was measured.

    Attributes
    ----------
    parts
        Seconds for all parts, one after another and together.
    small
        Seconds for one small part, ours and bare.
    peaks
        Bytes at the peak of an export, by the number of its parts.
    """

    parts: dict[str, Timing] = field(default_factory=dict)
    small: dict[str, Timing] = field(default_factory=dict)
    peaks: dict[int, int] = field(default_factory=dict)


def measure_bulk(rounds: int) -> Bulk:
    """Measure against a sandbox in a process of its own."""
    bulk = Bulk()
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), _ROWS, _MANY)
        with served(_DELAY, folder) as account:
            queries = {ALONE: _query(account.client(1), _PARTS), TOGETHER: _query(account.client(8), _PARTS)}
            bulk.parts = in_turns({name: query.to_arrow for name, query in queries.items()}, rounds)
        with served(0.0, folder) as account:
            bulk.small = _time_small(account, _SMALL_ROUNDS)
            bulk.peaks = {parts: _peak(parts, account) for parts in (_FEW, _MANY)}
    return bulk


def _query(client: tf.Client, parts: int) -> tf.Query:
    """Return a query of so many parts, a day each."""
    return client.tick_data("LOCAL", SYMBOL, (DAY, DAY + dt.timedelta(days=parts - 1)), data_type="TRADES")


def _time_small(account: Account, rounds: int) -> dict[str, Timing]:
    function = FUNCTIONS["tick_data"]
    asked = {"source": "LOCAL", "symbol": SYMBOL, "day": DAY, "data_type": "TRADES"}
    [part] = split(function, check_arguments(function, asked))
    body = write_frame(part.to_message("", {}).SerializeToString())
    one = _query(account.client(), 1)
    session = requests.Session()
    granted = session.post(
        f"{account.base_url}/auth/oauth/token",
        auth=("xyt", account.client_secret),
        data={"grant_type": "password", "username": account.user, "password": account.password},
        timeout=30,
    )
    headers = {
        "Authorization": f"Bearer {granted.json()['access_token']}",
        "Content-Type": "application/octet-stream",
    }
    url = f"{account.base_url}/get/tickData"

    def bare() -> bytes:
        return session.post(url, data=body, headers=headers, timeout=30).content

    return in_turns({ONE_PART: one.to_arrow, BARE: bare}, rounds)


def _peak(parts: int, account: Account) -> int:
    command = [sys.executable, "-m", "benchmarks.bulk", str(parts), *account]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    return int(json.loads(done.stdout))


def _export(parts: int, account: Account) -> int:
    """Export parts, and return the most bytes that were resident."""
    with tempfile.TemporaryDirectory() as folder, account.client() as client:
        _query(client, parts).to_parquet(folder)
    return highest()


if __name__ == "__main__":
    warnings.simplefilter("ignore", tf.TickframeWarning)
    print(_export(int(sys.argv[1]), Account(*sys.argv[2:])))

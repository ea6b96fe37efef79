"""Load thousands of parts through a faulty proxy: complete, equal, and with memory, threads and sockets flat.

The service and the proxy run in a process of their own, so that what is sampled here is the client's.
``SOAK_PARTS`` sets how many parts. Run from the repository's root.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tickframe as tf
from tests.faults.proxy import FaultyProxy
from tickframe.sandbox import Sandbox

PARTS = int(os.environ.get("SOAK_PARTS", "10000"))
RATE = 0.05
WORKERS = 8
SAMPLES = 20
LONGEST = 360.0

_SYMBOLS = ["ZAL.XE", "ADS.XE", "SAP.XE", "BMW.XE"]
_FIRST_DAY = dt.date(2010, 1, 4)
_MEGABYTE = 1024 * 1024

# Beyond what the outcomes of the parts themselves take, which a query keeps.
_MOST_GROWTH = 8 * _MEGABYTE
_OUTCOME = 3 * 1024


@dataclass(frozen=True)
class Sample:
    """What the process holds at a moment."""

    part: int
    seconds: float
    memory: int
    threads: int
    sockets: int

    @classmethod
    def now(cls, part: int, seconds: float) -> Sample:
        """Look at the process, by way of Linux's ``/proc``."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        sockets = 0
        for descriptor in Path("/proc/self/fd").iterdir():
            try:
                sockets += str(descriptor.readlink()).startswith("socket:")
            except FileNotFoundError:
                continue
        return cls(part, seconds, pages * os.sysconf("SC_PAGE_SIZE"), threading.active_count(), sockets)


def serve() -> None:
    """Run the service and the proxy; a line on standard input ends the faults, and its end everything."""
    with Sandbox(seed=1) as sandbox, FaultyProxy(sandbox.url, RATE, seed=1) as proxy:
        print(json.dumps({**sandbox.account, "base_url": proxy.url}), flush=True)
        sys.stdin.readline()
        proxy.rate = 0
        print(json.dumps(dict(proxy.faults)), flush=True)
        sys.stdin.read()


def load(account: dict[str, Any]) -> tuple[list[str], list[Sample], tf.Query]:
    """Read all parts; return a digest of each batch, samples on the way, and the query."""
    days = -(-PARTS // len(_SYMBOLS))
    last_day = _FIRST_DAY + dt.timedelta(days=days - 1)
    with tf.Client(**account, max_workers=WORKERS, read_timeout=1) as client:
        query = client.tick_data(
            "ACTIV",
            _SYMBOLS,
            (_FIRST_DAY, last_day),
            data_type="TRADES",
            from_time="10:00",
            to_time="10:02",
        )
        started = time.monotonic()
        digests: list[str] = []
        samples = []
        for batch in query.to_reader():
            digests.append(hashlib.sha256(repr(batch.to_pydict()).encode()).hexdigest()[:16])
            if len(digests) % max(1, days * len(_SYMBOLS) // SAMPLES) == 0:
                samples.append(Sample.now(len(digests), time.monotonic() - started))
    return digests, samples, query


def report(title: str, samples: list[Sample], query: tf.Query) -> None:
    """Print the samples of a run."""
    asked = sum(outcome.attempts for outcome in query.outcomes)
    rows = sum(outcome.rows for outcome in query.outcomes)
    print(f"\n{title}: {len(query.outcomes):,} parts, {rows:,} rows, {asked:,} requests, {samples[-1].seconds:.0f} s")
    print(f"  {'parts':>7} {'seconds':>8} {'MB':>7} {'threads':>8} {'sockets':>8}")
    for each in samples:
        memory = each.memory / _MEGABYTE
        print(f"  {each.part:>7,} {each.seconds:>8.1f} {memory:>7.1f} {each.threads:>8} {each.sockets:>8}")


def complaints(samples: list[Sample]) -> list[str]:
    """Say what was not flat, from where the run is under way to its end."""
    begun, *others = samples[len(samples) // 10 :]
    found = []
    most = begun.memory + _MOST_GROWTH + _OUTCOME * (samples[-1].part - begun.part)
    if (peak := max(each.memory for each in others)) > most:
        found.append(f"memory grew from {begun.memory / _MEGABYTE:.1f} to {peak / _MEGABYTE:.1f} MB")
    if (threads := max(each.threads for each in samples)) > 1 + WORKERS:
        found.append(f"{threads} threads")
    # A connection for each thread, and one whose end the other side has not seen yet.
    if (sockets := max(each.sockets for each in samples)) > 2 * WORKERS:
        found.append(f"{sockets} sockets")
    return found


def main() -> None:
    """Run both loads, compare, and exit with what is wrong."""
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.soak", "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        account = json.loads(service.stdout.readline())
        faulty, samples, query = load(account)
        report(f"Through a proxy with {RATE:.0%} faults", samples, query)
        service.stdin.write("no more faults\n")
        service.stdin.flush()
        faults = json.loads(service.stdout.readline())
        whole, whole_samples, whole_query = load(account)
        report("Without faults", whole_samples, whole_query)
        service.stdin.close()
    print("\nFaults:", ", ".join(f"{count} x {name}" for name, count in sorted(faults.items())))
    found = complaints(samples)
    if faulty != whole:
        found.append("the rows differ from those without faults")
    if threading.active_count() > 1:
        found.append(f"threads are left: {threading.enumerate()}")
    if left := Sample.now(0, 0).sockets:
        found.append(f"{left} sockets are left")
    if (seconds := time.monotonic() - started) > LONGEST:
        found.append(f"it took {seconds:.0f} s")
    sys.exit("; ".join(found) if found else None)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        import warnings

        # Weekends have no ticks, and the service says so of each.
        warnings.simplefilter("ignore", tf.TickframeWarning)
        main()

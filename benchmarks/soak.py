"""Load thousands of parts through faulty proxies, and check the rows, the memory, the threads and the sockets.

A reverse proxy in front of the service replaces responses with faults, such as stalls. The client reaches it over TLS
through a proxy that refuses some tunnels. Some loads are interrupted. The service and the proxies run in a process of
their own, so that the samples are the client's. ``SOAK_PARTS`` sets the number of parts. Run
``python -m benchmarks.soak`` in the repository's root.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import random
import signal
import ssl
import sys
import threading
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

import tickframe as tf
from benchmarks.services import Account, child_process
from tests.faults.proxy import FaultyProxy
from tests.faults.tunnel import TunnellingProxy, connect_refusal
from tickframe.sandbox import Sandbox

_PARTS = int(os.environ.get("SOAK_PARTS", "10000"))
_FAULT_RATE = 0.03
_INTERRUPTS = max(10, _PARTS // 200)
# In proportion to the defaults: a stall before the response outlasts the time for retries.
_TIMEOUTS: dict[str, Any] = {"read_timeout": 5.0, "stall_timeout": 0.5, "retry_seconds": 4.0}
_WORKERS = 8
_SAMPLES = 20
_MOST_SECONDS = 900.0

_SYMBOLS = ["ZAL.XE", "ADS.XE", "SAP.XE", "BMW.XE"]
_FIRST_DAY = dt.date(2010, 1, 4)
_MEGABYTE = 1024 * 1024

# Besides the outcomes of the parts, which a query keeps.
_MOST_GROWTH = 8 * _MEGABYTE
_OUTCOME = 3 * 1024


@dataclass(frozen=True)
class Sample:
    """What the process uses at a moment."""

    part: int
    seconds: float
    memory: int
    threads: int
    sockets: int

    @classmethod
    def now(cls, part: int, seconds: float) -> Sample:
        """Take a sample from Linux's ``/proc``."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        sockets = 0
        for descriptor in Path("/proc/self/fd").iterdir():
            try:
                sockets += str(descriptor.readlink()).startswith("socket:")
            except FileNotFoundError:
                continue
        return cls(part, seconds, pages * os.sysconf("SC_PAGE_SIZE"), threading.active_count(), sockets)


def serve() -> None:
    """Run the service and the proxy: a line on standard input ends the faults, its end the process."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    draw = random.Random(1)  # noqa: S311, repeatable
    refused: Counter[str] = Counter()

    def refuse() -> bytes | None:
        if draw.random() >= proxy.rate:
            return None
        status = draw.choice([429, 502, 503, 504])
        refused[f"tunnel refused with {status}"] += 1
        return connect_refusal(status)

    with (
        authority.cert_pem.tempfile() as bundle,
        Sandbox(seed=1) as sandbox,
        FaultyProxy(sandbox.url, _FAULT_RATE, seed=1, context=context) as proxy,
        TunnellingProxy(proxy.url, refuse) as tunnels,
    ):
        account = {**sandbox.account, "base_url": proxy.url, "verify": bundle, "proxies": {"https": tunnels.url}}
        print(json.dumps(account), flush=True)
        sys.stdin.readline()
        proxy.rate = 0
        print(json.dumps(proxy.faults + refused), flush=True)
        sys.stdin.read()


def trades(client: tf.Client, days: int) -> tf.Query:
    """Return a query for two minutes of some days."""
    last_day = _FIRST_DAY + dt.timedelta(days=days - 1)
    return client.tick_data(
        "ACTIV", _SYMBOLS, (_FIRST_DAY, last_day), data_type="TRADES", from_time="10:00", to_time="10:02"
    )


def interrupt(account: Account) -> list[str]:
    """Interrupt loads of one client at random moments, and return what is wrong afterwards."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    draw = random.Random(1)  # noqa: S311, repeatable
    interrupted = 0
    with tf.Client(**account, **_TIMEOUTS, max_workers=_WORKERS) as client:
        for _ in range(_INTERRUPTS):
            try:
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.001, 0.3))
                for _batch in trades(client, 200).to_reader():
                    pass
            except KeyboardInterrupt:
                interrupted += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        rows = trades(client, 10).to_arrow().num_rows
    print(f"\n{interrupted} of {_INTERRUPTS} loads interrupted, {rows:,} rows afterwards")
    return [] if interrupted and rows else ["no load was interrupted, or the client did not load afterwards"]


def load(account: Account) -> tuple[list[str], list[Sample], tf.Query]:
    """Read all parts, and return a digest of each batch, samples on the way, and the query."""
    days = -(-_PARTS // len(_SYMBOLS))
    with tf.Client(**account, **_TIMEOUTS, max_workers=_WORKERS) as client:
        query = trades(client, days)
        started = time.monotonic()
        digests: list[str] = []
        samples = []
        for batch in query.to_reader():
            digests.append(hashlib.sha256(repr(batch.to_pydict()).encode()).hexdigest()[:16])
            if len(digests) % max(1, days * len(_SYMBOLS) // _SAMPLES) == 0:
                samples.append(Sample.now(len(digests), time.monotonic() - started))
    return digests, samples, query


def report(title: str, samples: list[Sample], query: tf.Query) -> None:
    """Print the samples of a run."""
    requests = sum(outcome.attempts for outcome in query.outcomes)
    rows = sum(outcome.rows for outcome in query.outcomes)
    seconds = samples[-1].seconds
    print(f"\n{title}: {len(query.outcomes):,} parts, {rows:,} rows, {requests:,} requests, {seconds:.0f} s")
    print(f"  {'parts':>7} {'seconds':>8} {'MB':>7} {'threads':>8} {'sockets':>8}")
    for each in samples:
        memory = each.memory / _MEGABYTE
        print(f"  {each.part:>7,} {each.seconds:>8.1f} {memory:>7.1f} {each.threads:>8} {each.sockets:>8}")


def growth(samples: list[Sample]) -> list[str]:
    """Return what grew beyond its limit, from the first tenth of the run to its end."""
    first, *others = samples[len(samples) // 10 :]
    found = []
    limit = first.memory + _MOST_GROWTH + _OUTCOME * (samples[-1].part - first.part)
    if (peak := max(each.memory for each in others)) > limit:
        found.append(f"memory grew from {first.memory / _MEGABYTE:.1f} to {peak / _MEGABYTE:.1f} MB")
    if (threads := max(each.threads for each in samples)) > 1 + _WORKERS:
        found.append(f"{threads} threads")
    # One connection for each thread, and one that the peer has closed and the client has not.
    if (sockets := max(each.sockets for each in samples)) > 2 * _WORKERS:
        found.append(f"{sockets} sockets")
    return found


def main() -> None:
    """Load with faults and without, compare, and exit with a list of problems."""
    # Weekends have no ticks, and the service sends a warning for each.
    warnings.simplefilter("ignore", tf.TickframeWarning)
    started = time.monotonic()
    with child_process("benchmarks.soak", "serve") as (commands, output):
        account = json.loads(output.readline())
        faulty, samples, query = load(account)
        report(f"Through proxies with {_FAULT_RATE:.0%} faults", samples, query)
        problems = [*growth(samples), *interrupt(account)]
        commands.write("no more faults\n")
        commands.flush()
        faults = json.loads(output.readline())
        complete, samples_without, query_without = load(account)
        report("Without faults", samples_without, query_without)
    print("\nFaults:", ", ".join(f"{count} x {name}" for name, count in sorted(faults.items())))
    if faulty != complete:
        problems.append("the rows differ from those without faults")
    if threading.active_count() > 1:
        problems.append(f"threads remain: {threading.enumerate()}")
    if sockets := Sample.now(0, 0).sockets:
        problems.append(f"{sockets} sockets remain")
    if (seconds := time.monotonic() - started) > _MOST_SECONDS:
        problems.append(f"it took {seconds:.0f} s")
    sys.exit("; ".join(problems) if problems else None)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        main()

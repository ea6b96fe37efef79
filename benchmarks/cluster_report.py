"""What was measured of a cluster, and what its model says of larger ones, as a section of the page."""

from __future__ import annotations

from benchmarks.cluster import Clustered
from benchmarks.markdown import milliseconds, table, times

__all__ = ["cluster_section"]

_HOUR = 3600.0


def cluster_section(clustered: Clustered) -> str:
    """Show how a second worker helps, what the scheduler costs, and what limits a thousand workers."""
    one, two = (clustered.parts / timing.median for timing in (clustered.one, clustered.two))
    measured = table(
        ("what", "figure", "target"),
        [
            ("parts a second, 1 worker", f"{one:.1f}", ""),
            ("parts a second, 2 workers", f"{two:.1f}", ""),
            ("2 workers, to 1", f"{times(clustered.one.ratio(clustered.two))} as fast", "at least 1.8x"),
            ("the scheduler's own cost of a part", milliseconds(clustered.dispatch), ""),
            ("a lease, there and back, where nobody waits for it", milliseconds(clustered.lease), ""),
            ("what each worker that waits adds to it", f"{clustered.wake * 1e6:.1f} µs", ""),
        ],
    )
    points = table(
        ("run", "parts a second, measured", "by the model", "error"),
        [
            (point.what, f"{point.measured:.1f}", f"{point.modelled:.1f}", f"{point.error:+.1%}")
            for point in clustered.points
        ],
    )
    large = table(
        ("cluster", "parts", "parts a second", "hours for a million", "requests a part", "scheduler busy"),
        [
            (
                what,
                f"{model.parts:,}",
                f"{model.parts / run.seconds:.1f}",
                f"{run.seconds / model.parts * 1e6 / _HOUR:.1f}",
                f"{run.requests / model.parts:.3f}",
                f"{run.busy:.0%}",
            )
            for what, model, run in clustered.large
        ],
    )
    return (
        "## A cluster\n\nWorker processes of two threads each, a partition for each part, 50 ms added to each answer; "
        "scheduler, workers and service share this machine's cores.\n\n"
        f"{measured}\n\n"
        "A model of discrete events (`benchmarks/simulation.py`) knows the scheduler, the leases that bound the "
        "requests under way, retries, and a limit of requests a second. It is made of one worker's figures, and held "
        "against runs that it has not seen:\n\n"
        f"{points}\n\n"
        "What it says of larger clusters on such parts, with machines of their own. Where more workers wait than there "
        "are leases, the scheduler wakes all of them for each: as many leases as workers, or fewer workers with more "
        "threads, are faster than a queue.\n\n"
        f"{large}"
    )

"""All jobs are done, in the order in which they were queued."""

from __future__ import annotations

import threading

from tickframe.cache.write_behind import WriteBehind


def test_a_second_job_of_a_name_is_done_after_the_first() -> None:
    """Even if it is queued while the first is running: the entry that is written last remains."""
    writing = WriteBehind()
    started, go = threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        started.set()
        go.wait()
        done.append("first")

    writing.put("name", first, 1)
    started.wait()
    for job in ("second", "third"):
        writing.put("name", lambda job=job: done.append(job), 1)
    go.set()
    writing.wait("name")
    assert done == ["first", "second", "third"]

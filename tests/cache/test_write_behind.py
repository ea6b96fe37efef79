"""Jobs are done in the order they came, each of them, whatever their names."""

from __future__ import annotations

import threading

from tickframe.cache.write_behind import WriteBehind


def test_a_second_job_of_a_name_is_done_after_the_first() -> None:
    """Also where it comes while the first is under way: an entry that is written anew is the new one."""
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

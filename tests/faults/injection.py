"""Raises an exception at any point of a call at which the interpreter can raise one.

CPython looks for signals at the start of a function, when a generator continues, after the call of a function that
is not written in Python, and when a loop begins again: nowhere else can an interrupt arrive. So nothing is between
the assignment and the call in ``self._is_held = True; lock.release()``, but something is between two calls.
"""

from __future__ import annotations

import contextlib
import dis
import gc
import inspect
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import tickframe

PACKAGE = str(Path(tickframe.__file__).parent)
# The locks and threads of the standard library that the package and its dependencies use.
SYNCHRONIZATION = (threading.__file__, contextlib.__file__, queue.__file__, str(Path(futures.__file__).parent))

# Seconds in which everything ends that is not stuck.
DEADLINE = 30.0

_CHECKING = ("CALL", "RESUME", "JUMP_BACKWARD", "POP_JUMP_BACKWARD")


@dataclass(frozen=True, slots=True)
class _Instructions:
    """Where the interpreter has looked for signals before an instruction, by its offset, and who handles errors."""

    checked_before: frozenset[int]
    lines: dict[int, int]


@cache
def _instructions(code: CodeType) -> _Instructions:
    table = dis._parse_exception_table(code)

    def handler(offset: int) -> int | None:
        # The innermost one is the last.
        return next((each.target for each in reversed(table) if each.start <= offset < each.end), None)

    found: set[int] = set()
    lines = {}
    before = None
    for each in dis.get_instructions(code):
        if each.positions is not None and each.positions.lineno is not None:
            lines[each.offset] = each.positions.lineno
        # An error of the check belongs to the instruction that was checked.
        if (
            before is not None
            and before.opname.startswith(_CHECKING)
            and handler(before.offset) == handler(each.offset)
        ):
            found.add(each.offset)
        before = each
    return _Instructions(frozenset(found), lines)


@dataclass
class Injection:
    """Does something at the n-th point of a call, such as raising an exception.

    Attributes
    ----------
    act
        What is done, once.
    at : int or None
        The number of the point, from 0; None only counts them.
    files : tuple of str
        The beginnings of the names of the files with these points.
    in_threads : bool
        Whether points in threads that are started during the call count too.
    points : int
        The number of points passed so far.
    place : str
        Where it was done; empty if it was not.
    lines : set of (str, int)
        The lines of the points passed so far.
    """

    act: Callable[[], None]
    at: int | None
    files: tuple[str, ...] = (PACKAGE, *SYNCHRONIZATION)
    in_threads: bool = False
    points: int = 0
    place: str = ""
    lines: set[tuple[str, int]] = field(default_factory=set)
    _calling: set[int] = field(default_factory=set)

    def run(self, call: Callable[[], Any]) -> Any:
        """Call a function in this thread."""
        gc.collect()
        # What earlier calls have left must not be collected, and counted, in this one.
        gc.disable()
        if self.in_threads:
            threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            return call()
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            gc.enable()

    def _trace(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        """Trace the start of a function, or that a generator continues."""
        caller = frame.f_back
        if caller is not None and not frame.f_code.co_flags & inspect.CO_GENERATOR:
            # The interpreter calls a function that is written in Python without looking for signals afterwards.
            self._calling.add(id(caller))
        if not frame.f_code.co_filename.startswith(self.files) or "/sandbox/" in frame.f_code.co_filename:
            return None
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return self._trace_instruction

    def _trace_instruction(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        if event != "opcode":
            return self._trace_instruction
        was_calling = id(frame) in self._calling
        self._calling.discard(id(frame))
        known = _instructions(frame.f_code)
        if frame.f_lasti in known.checked_before and not was_calling:
            self.lines.add((frame.f_code.co_filename, known.lines.get(frame.f_lasti, frame.f_lineno)))
            self.points += 1
            if self.points - 1 == self.at:
                self.place = "".join(traceback.format_stack(frame)[-4:])
                self.act()
        return self._trace_instruction


def raising(error: type[BaseException], *arguments: object) -> Callable[[], None]:
    """Return a function that raises an exception."""

    def act() -> None:
        raise error(*arguments)

    return act


@dataclass
class Ended:
    """How a call ended; an error keeps its traceback, and so everything that its frames refer to."""

    result: Any = None
    error: BaseException | None = None


def ending(call: Callable[[], Any], what: str) -> Ended:
    """Call a function in a thread, and return how it ended; it is an error if it does not end."""
    ended = Ended()

    def run() -> None:
        try:
            ended.result = call()
        except BaseException as error:  # noqa: BLE001, examined by the caller
            ended.error = error

    thread = threading.Thread(target=run, name="injected", daemon=True)
    thread.start()
    thread.join(DEADLINE)
    if thread.is_alive():
        raise AssertionError(f"{what} does not end:\n{all_stacks()}")
    return ended


def all_stacks() -> str:
    """Return where all threads are."""
    names = {each.ident: each.name for each in threading.enumerate()}
    return "\n".join(
        f"-- {names.get(at, '?')}\n{''.join(traceback.format_stack(frame)[-8:])}"
        for at, frame in sys._current_frames().items()
        if names.get(at) not in ("MainThread", "fault-server")
    )

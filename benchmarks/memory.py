"""The most memory that a way takes, measured in a process of its own.

Run as a program it is that process: ``python -m benchmarks.memory FRAME SMALL_FRAME ANSWER WAY``.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.frames import ANSWERS, Answer, Frame, make_frame
from benchmarks.ways import STREAMED, WAYS, Way

__all__ = ["Peak", "highest", "measure_peaks"]

_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"


@dataclass(frozen=True)
class Peak:
    """How far a process grew while it read a frame.

    Attributes
    ----------
    response, table, growth
        Bytes of the frame, of the Arrow table it became, and of the growth at its peak.
    """

    response: int
    table: int
    growth: int

    @property
    def ratio(self) -> float:
        """The growth as a multiple of the response and the table together, which both exist at one moment."""
        return self.growth / (self.response + self.table)


def measure_peaks(ways: Iterable[Way], frame: Frame) -> dict[str, Peak]:
    """Read a frame in a fresh process for each way."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large", Path(folder) / "small"
        large.write_bytes(frame.framed)
        small.write_bytes(make_frame(frame.answer, 1_000).framed)
        peaks = {}
        for way in ways:
            command = [sys.executable, "-m", "benchmarks.memory", str(large), str(small), frame.answer.name, way.name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
            peaks[way.name] = Peak(**json.loads(done.stdout))
        return peaks


def _read(path: Path, answer: Answer, way: Way) -> pa.Table:
    """Read a frame as it comes from a socket: as a stream where the way takes one, else all bytes first."""
    with path.open("rb", buffering=0) as file:
        if way.name in STREAMED:
            return STREAMED[way.name](file, answer)
        return way.run(file.read(), answer)


def _resident(field: str) -> int:
    [line] = [line for line in _STATUS.read_text().splitlines() if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024


def highest() -> int:
    """Return the most bytes that were resident at once since the last reset, or since the start without one."""
    if _STATUS.exists():
        return _resident("VmHWM")
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def _forgethighest() -> int:
    """Reset the peak where the system can, and return the bytes from which growth counts."""
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    except OSError:
        return highest()
    return _resident("VmRSS")


def _main(large: str, small: str, answer_name: str, way_name: str) -> None:
    [answer] = [answer for answer in ANSWERS if answer.name == answer_name]
    [way] = [way for way in WAYS if way.name == way_name]
    # What is loaded and built once is not the answer's.
    _read(Path(small), answer, way)
    gc.collect()
    before = _forgethighest()
    table = _read(Path(large), answer, way)
    peak = Peak(response=Path(large).stat().st_size, table=table.nbytes, growth=highest() - before)
    print(json.dumps(asdict(peak)))


if __name__ == "__main__":
    _main(*sys.argv[1:])

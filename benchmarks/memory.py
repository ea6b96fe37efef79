"""Peak memory of decoders, each measured in a process of its own.

``python -m benchmarks.memory FRAME SMALL_FRAME KIND DECODER`` is that process.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.decoders import DECODERS, STREAMING, Decoder
from benchmarks.frames import KINDS, Frame, ResponseKind, make_frame
from benchmarks.services import child_process

_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"


@dataclass(frozen=True)
class Peak:
    """How far a process grew while it read a frame.

    Attributes
    ----------
    response, table, growth
        Bytes of the frame, of the resulting Arrow table, and of the growth at its peak.
    """

    response: int
    table: int
    growth: int

    @property
    def ratio(self) -> float:
        """The growth relative to the response plus the table, which both exist at one moment."""
        return self.growth / (self.response + self.table)


def measure_peaks(decoders: Iterable[Decoder], frame: Frame) -> dict[str, Peak]:
    """Read a frame in a new process for each decoder."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large", Path(folder) / "small"
        large.write_bytes(frame.framed)
        small.write_bytes(make_frame(frame.kind, 1_000).framed)
        peaks = {}
        for decoder in decoders:
            arguments = (str(large), str(small), frame.kind.name, decoder.name)
            with child_process("benchmarks.memory", *arguments) as (_, output):
                peaks[decoder.name] = Peak(**json.loads(output.read()))
        return peaks


def peak_resident() -> int:
    """Return the peak of the resident memory in bytes, since the last reset or since the start."""
    if _STATUS.exists():
        return _resident("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def reset_peak() -> int:
    """Reset the peak if the system can, and return the bytes from which growth counts."""
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    except OSError:
        return peak_resident()
    return _resident("VmRSS")


def _resident(field: str) -> int:
    [line] = [line for line in _STATUS.read_text().splitlines() if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024


def _read(path: Path, kind: ResponseKind, decoder: Decoder) -> pa.Table:
    """Read a frame as from a socket: streamed if the decoder can, otherwise all bytes first."""
    with path.open("rb", buffering=0) as file:
        if decoder.name in STREAMING:
            return STREAMING[decoder.name](file, kind)
        return decoder.decode(file.read(), kind)


def _main(large: str, small: str, kind_name: str, decoder_name: str) -> None:
    [kind] = [kind for kind in KINDS if kind.name == kind_name]
    [decoder] = [decoder for decoder in DECODERS if decoder.name == decoder_name]
    # What is loaded and built once does not count.
    _read(Path(small), kind, decoder)
    gc.collect()
    before = reset_peak()
    table = _read(Path(large), kind, decoder)
    peak = Peak(response=Path(large).stat().st_size, table=table.nbytes, growth=peak_resident() - before)
    print(json.dumps(asdict(peak)))


if __name__ == "__main__":
    _main(*sys.argv[1:])

"""Run the targets with inputs that reach new lines, which libFuzzer mutates from a corpus.

    python -m fuzz.guided --executions 1000000 --seed 1 frames records

``fuzz/corpus`` has the inputs that were kept, and ``build/fuzz`` gets those that reach new lines. It stops at the first
input of a target that does something else than is promised, and writes it to ``build/fuzz``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
TARGETS = ("frames", "entries", "provenance", "records", "settings")
_INSTRUMENTED = ["tickframe.wire", "tickframe.export", "tickframe.cache", "tickframe.settings_file"]
_LONGEST = 4096
# Seconds for one input, and MB of memory.
_SLOWEST, _LARGEST = 20, 4096


def run_target(target: str, options: list[str]) -> None:
    """Run a target in this process, which libFuzzer then ends."""
    import atheris.core_with_libfuzzer  # noqa: PLC0415, only here

    # For a kernel that is built with block_counters.c.
    os.environ["LIBFUZZER"] = atheris.core_with_libfuzzer.__file__
    with atheris.instrument_imports(include=_INSTRUMENTED, enable_loader_override=False):
        from fuzz import targets  # noqa: PLC0415, instrumented
    if targets.kernel is None:
        raise SystemExit("the kernel is not built: there is nothing to compare with the official parser")
    atheris.Setup([sys.argv[0], *options], targets.TARGETS[target])
    try:
        atheris.Fuzz()
    finally:
        targets.remove_files()


def options_for(target: str, executions: int, seed: int, found: Path) -> list[str]:
    """Return the options of libFuzzer for a target."""
    new = found / target
    new.mkdir(parents=True, exist_ok=True)
    return [
        f"-runs={executions}",
        f"-seed={seed}",
        f"-max_len={_LONGEST}",
        f"-timeout={_SLOWEST}",
        f"-rss_limit_mb={_LARGEST}",
        f"-artifact_prefix={found}/{target}-",
        "-print_final_stats=1",
        "-verbosity=1",
        str(new),
        str(CORPUS / target),
    ]


def main() -> int:
    """Run each target in a process; return 1 if one of them found something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=TARGETS, help="the targets; by default all")
    parser.add_argument("--executions", type=int, default=1_000_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path, default=Path("build", "fuzz"), help="where new inputs are written")
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.in_this_process:
        [target] = chosen.targets
        run_target(target, options_for(target, chosen.executions, chosen.seed, chosen.found))
        return 0
    options = [f"--executions={chosen.executions}", f"--seed={chosen.seed}", f"--found={chosen.found}"]
    failed = [
        target
        for target in chosen.targets
        if subprocess.run(  # noqa: S603, this module
            [sys.executable, "-m", "fuzz.guided", target, *options, "--in-this-process"], check=False
        ).returncode
    ]
    sys.stdout.write(f"findings: {', '.join(failed) or 'none'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

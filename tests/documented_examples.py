"""Find and run the examples in Markdown pages.

The ``python`` blocks of a page share a namespace; a ``text`` block right below one is its expected output. In a
``console`` block, lines after ``$`` are commands, each followed by its expected output. ``...`` matches anything. A
block below ``<!-- not run: why -->`` is not run.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import itertools
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
DOCS = REPOSITORY / "docs"
PAGES = {
    path.relative_to(REPOSITORY).as_posix(): path for path in [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
}

_FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<why>[^\n]+) -->\n\s*)?^(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
# Commands for readers only.
_NOT_RUN = ("make ", "pip ", "export ")


@dataclass(frozen=True)
class Block:
    """A fenced block, its expected output, and the reason if it is not run."""

    language: str
    text: str
    line: int
    expected: str | None
    why_not_run: str | None


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page."""
    content = page.read_text()
    found = list(_FENCE.finditer(content))
    for fence, following in itertools.pairwise([*found, None]):
        is_next = following is not None and not content[fence.end() : following.start()].strip()
        expected = _text(following) if is_next and following["language"] == "text" else None
        line = content.count("\n", 0, fence.start("text")) + 1
        yield Block(fence["language"], _text(fence), line, expected, fence["why"])


def run(page: Path, names: dict[str, object]) -> None:
    """Run the blocks of a page in order, in the current folder."""
    for block in blocks(page):
        if block.why_not_run is not None:
            continue
        where = f"{page.name}, line {block.line}"
        if block.language == "python":
            stdout = io.StringIO()
            # Tracebacks show the line numbers of the page.
            code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
            with contextlib.redirect_stdout(stdout):
                exec(code, names)  # noqa: S102, our own code
            if block.expected is not None:
                _compare(where, block.expected, stdout.getvalue())
        elif block.language == "console":
            for command, expected in commands(block):
                if not command.startswith(_NOT_RUN):
                    _run_command(where, command, expected)


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Yield the commands of a console block with their expected output."""
    for entry in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = re.sub(r"\\\n\s*", "", entry).partition("\n")
        yield command, expected.strip()


def _text(fence: re.Match[str]) -> str:
    return textwrap.dedent(fence["text"])


def _run_command(where: str, command: str, expected: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command],  # noqa: S607, any POSIX shell
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{where}: {command}\n{done.stdout}"
    if expected:
        _compare(f"{where}: {command}", expected, done.stdout)


def _compare(where: str, expected: str, printed: str) -> None:
    same = doctest.OutputChecker().check_output(
        expected.rstrip() + "\n", printed.rstrip() + "\n", doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert same, f"{where} printed\n{printed}\ninstead of\n{expected}"

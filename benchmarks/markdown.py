"""How results are written: tables, and numbers with a few figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["amount", "bytes_of", "figures", "milliseconds", "table", "times", "yes"]


def table(heading: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Return a table of Markdown: columns but those in ``left`` are aligned to the right."""
    rules = [":--" if place in left else "--:" for place in range(len(heading))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heading, rules, *rows))


def yes(said: bool) -> str:
    """Say yes or no."""
    return "yes" if said else "no"


def milliseconds(seconds: float) -> str:
    """Write seconds as milliseconds."""
    return f"{figures(seconds * 1e3)} ms"


def bytes_of(size: int) -> str:
    """Write a number of bytes."""
    return f"{figures(size / 1e6)} MB" if size >= 10**6 else f"{figures(size / 1e3)} kB"


def times(ratio: float) -> str:
    """Write a ratio.

    >>> [times(ratio) for ratio in (0.0868, 1.5, 25.04)]
    ['0.087x', '1.50x', '25.0x']
    """
    return f"{figures(ratio)}x" if ratio >= 1 else f"{ratio:.2g}x"


def amount(rows: int) -> str:
    """Say a number of rows in words.

    >>> amount(100_000)
    '100 thousand'
    """
    return f"{rows // 10**6} million" if rows >= 10**6 else f"{rows // 10**3} thousand"


def figures(number: float) -> str:
    """Write a number with three figures, or all its whole ones.

    >>> [figures(number) for number in (0.0432, 1.5, 23.16, 1332.4)]
    ['0.0432', '1.50', '23.2', '1,332']
    """
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 10:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 1 else f"{number:.3g}"

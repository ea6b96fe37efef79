"""Tables in Markdown, and numbers with a few significant digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heading: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Return a Markdown table with its columns aligned to the right, except those in ``left``."""
    rules = [":--" if place in left else "--:" for place in range(len(heading))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heading, rules, *rows))


def milliseconds(seconds: float) -> str:
    """Format seconds as milliseconds."""
    return f"{digits(seconds * 1e3)} ms"


def size(size_in_bytes: int) -> str:
    """Format a number of bytes.

    >>> [size(each) for each in (48_500, 48_100_000)]
    ['48.5 kB', '48.1 MB']
    """
    return f"{digits(size_in_bytes / 1e6)} MB" if size_in_bytes >= 10**6 else f"{digits(size_in_bytes / 1e3)} kB"


def times(ratio: float) -> str:
    """Format a ratio.

    >>> [times(ratio) for ratio in (0.0868, 1.5, 25.04)]
    ['0.087x', '1.50x', '25.0x']
    """
    return f"{digits(ratio)}x" if ratio >= 1 else f"{ratio:.2g}x"


def amount(rows: int) -> str:
    """Format a number of rows in words.

    >>> amount(100_000)
    '100 thousand'
    """
    return f"{rows // 10**6} million" if rows >= 10**6 else f"{rows // 10**3} thousand"


def digits(number: float) -> str:
    """Format a number with three significant digits, or all digits of a larger integer part.

    >>> [digits(number) for number in (0.0432, 1.5, 23.16, 1332.4)]
    ['0.0432', '1.50', '23.2', '1,332']
    """
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 10:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 1 else f"{number:.3g}"

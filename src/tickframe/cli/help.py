"""The end of a command's help: examples and exit codes."""

from __future__ import annotations

from tickframe.cli.exit_codes import ExitCode


def epilog(*examples: str, exit_codes: bool = False) -> str:
    """Return the text below the options.

    Each line is a paragraph, since some versions of typer join the lines of one.

    Parameters
    ----------
    *examples
        Command lines.
    exit_codes
        Whether to list the exit codes.
    """
    paragraphs = ["Examples", *examples]
    if exit_codes:
        paragraphs.append(f"Exit codes: {'; '.join(f'{code} {code.description}' for code in ExitCode)}.")
    return "\n\n".join(paragraphs)

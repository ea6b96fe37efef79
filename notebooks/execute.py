"""Run the notebooks from top to bottom and write their outputs anew: ``make notebooks``."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))

# Figures are as large as they were asked for; what the inline backend would cut off depends on its fonts.
_UNCUT_FIGURES = "--InlineBackend.print_figure_kwargs={'bbox_inches': None}"
# A kernel warns that it listens on TCP, which it does on this machine alone.
_QUIET = "--IPKernelApp.log_level=ERROR"
_CELL_SECONDS = 120
# What a code host needs to know; the rest is of the Python that ran it.
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python"},
}


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in a kernel of its own, in its folder.

    Parameters
    ----------
    path
        The notebook; its outputs are not looked at.

    Returns
    -------
    nbformat.NotebookNode
        The same cells with the outputs of this run, and nothing of when it was.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=[_UNCUT_FIGURES, _QUIET],
        record_timing=False,
        # A progress bar is what it came to, not each of its states.
        coalesce_streams=True,
    ).execute()
    return notebook


def as_committed(notebook: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file, the same for the same cells and outputs."""
    nbformat.validate(notebook)
    notebook.metadata = nbformat.from_dict(_METADATA)
    return nbformat.writes(notebook) + "\n"


def main() -> None:
    """Write the outputs of all notebooks anew."""
    for path in NOTEBOOKS:
        path.write_text(as_committed(execute(path)))
        print(path.name)


if __name__ == "__main__":
    main()

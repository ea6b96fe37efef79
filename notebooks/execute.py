"""Run the notebooks from top to bottom and save their outputs: ``make notebooks``."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = sorted(Path(__file__).parent.glob("*.ipynb"))

# Keeps figures at their requested size: cropping depends on the fonts.
_UNCUT_FIGURES = "--InlineBackend.print_figure_kwargs={'bbox_inches': None}"
# Hides the kernel's warning that it listens on TCP, which it does on loopback only.
_QUIET = "--IPKernelApp.log_level=ERROR"
_CELL_SECONDS = 120
# What a code host needs; other metadata depends on the Python that ran the notebook.
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python"},
}


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in a new kernel, in its folder.

    Parameters
    ----------
    path
        The notebook. Its saved outputs are ignored.

    Returns
    -------
    nbformat.NotebookNode
        The same cells with the outputs of this run, without timestamps.

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
        # Only the final state of a progress bar.
        coalesce_streams=True,
    ).execute()
    return notebook


def as_committed(notebook: nbformat.NotebookNode) -> str:
    """Return the text of the notebook file, which depends only on cells and outputs."""
    nbformat.validate(notebook)
    notebook.metadata = nbformat.from_dict(_METADATA)
    return nbformat.writes(notebook) + "\n"


def main() -> None:
    """Run all notebooks and save their outputs."""
    for path in NOTEBOOKS:
        path.write_text(as_committed(execute(path)))
        print(path.name)


if __name__ == "__main__":
    main()

"""The notebooks run from top to bottom and produce the committed outputs."""

from __future__ import annotations

import base64
import re
import struct
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="the oldest dependencies are tested without notebooks")
pytest.importorskip("nbclient", reason="the oldest dependencies are tested without notebooks")

from notebooks.execute import NOTEBOOKS, as_committed, execute  # noqa: E402

# May differ between runs in cells tagged "varies": seconds, sizes on disk, the speed of a progress bar.
_VARYING = re.compile(r"\d+\.\d+|\[\d+:\d+<\d+:\d+, *(?:\d+\.\d+|\?)(?:part/s|s/part)")
# Folders and addresses, which depend on the machine.
_MACHINE = re.compile(r"/tmp/|/home/|/root/|/Users/|127\.0\.0\.1|localhost|0x[0-9a-f]{6}")  # noqa: S108


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_a_notebook_produces_the_committed_outputs(path: Path) -> None:
    committed, executed = nbformat.read(path, as_version=4), execute(path)

    for before, after in zip(committed.cells, executed.cells, strict=True):
        assert [_shown(output, before) for output in after.get("outputs", [])] == [
            _shown(output, before) for output in before.get("outputs", [])
        ], f"outputs changed (`make notebooks` saves them) in the cell\n{before.source}"


def test_a_notebook_is_committed_as_make_notebooks_writes_it(path: Path) -> None:
    assert as_committed(nbformat.read(path, as_version=4)) == path.read_text()


def test_a_notebook_shows_neither_warnings_nor_errors(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            # Only a progress bar belongs there.
            assert output.get("name") != "stderr" or output.text.startswith("tickframe: 100%"), output.text


def test_a_notebook_does_not_show_the_machine_that_ran_it(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        texts = [str(_text_of(output)) for output in cell.get("outputs", [])]
        assert not _MACHINE.search(" ".join(texts)), cell.source


def test_the_first_cell_says_that_the_market_is_simulated(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]

    assert first.cell_type == "markdown"
    assert "**simulated**" in first.source


def _shown(output: dict[str, Any], cell: dict[str, Any]) -> object:
    """Return what must be equal in two runs: texts, tables, and the sizes of figures."""
    shown = repr((output["output_type"], output.get("name"), _text_of(output)))
    if "varies" in cell["metadata"].get("tags", []):
        shown = _VARYING.sub("~", shown)
    image = output.get("data", {}).get("image/png")
    return shown, image and _size(base64.b64decode(image))


def _text_of(output: dict[str, Any]) -> object:
    if "text" in output:
        return output["text"]
    return [(kind, text) for kind, text in sorted(output["data"].items()) if kind != "image/png"]


def _size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    # The first chunk is the header: its length, its name, then width and height.
    width, height = struct.unpack(">II", png[16:24])
    return width, height

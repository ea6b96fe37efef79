"""Add the chart of the benchmarks to the site, as a hook of MkDocs."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_REPOSITORY = Path(__file__).parent.parent.parent
_CHART = "benchmarks/results.png"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the chart to the files of the site."""
    files.append(File.generated(config, _CHART, abs_src_path=str(_REPOSITORY / _CHART)))
    return files

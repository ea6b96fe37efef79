"""What the site shows beside its pages; MkDocs calls the function."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_REPOSITORY = Path(__file__).parent.parent.parent

# Files that stand elsewhere in the repository, by their places in the site.
_SHOWN = {"benchmarks/results.png": "benchmarks/results.png"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put what pages show among the site's own files."""
    for place, path in _SHOWN.items():
        files.append(File.generated(config, place, abs_src_path=str(_REPOSITORY / path)))
    return files

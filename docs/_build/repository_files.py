"""Files that stand elsewhere in the repository and that pages of the site show."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

REPOSITORY = Path(__file__).parent.parent.parent

# Places in the repository, by their places in the site.
SHOWN = {"benchmarks/results.png": "benchmarks/results.png"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put them among the site's own files; MkDocs calls this."""
    for place, path in SHOWN.items():
        files.append(File.generated(config, place, abs_src_path=str(REPOSITORY / path)))
    return files

"""Print the lower bounds of pyproject.toml as pip constraints."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
EXTRAS = ("cli", "dask", "duckdb", "keyring", "plot", "polars", "sandbox")


def lower_bounds() -> list[str]:
    """Return ``name==version`` for each requirement of the package and its extras."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    requirements = [
        *project["dependencies"],
        *(line for extra in EXTRAS for line in project["optional-dependencies"][extra]),
    ]
    # A constraint must not name extras.
    return [re.sub(r"\[.*\]>=|>=", "==", requirement) for requirement in requirements]


if __name__ == "__main__":
    sys.stdout.write("\n".join(lower_bounds()) + "\n")

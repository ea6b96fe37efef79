"""The data files of the catalogue: TOML beside this module."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def read_data_file(name: str) -> dict[str, Any]:
    """Return the content of a data file by its name, such as ``"requests.toml"``."""
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))

"""The compiled kernel, where it could be built.

``TICKFRAME_KERNEL=off`` in the environment leaves it unused.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def _load() -> ModuleType | None:
    if os.environ.get("TICKFRAME_KERNEL") == "off":
        return None
    try:
        return importlib.import_module("tickframe._kernel")
    except ImportError:
        return None


#: The compiled module; None where there is none, and the official parser does the work.
kernel = _load()

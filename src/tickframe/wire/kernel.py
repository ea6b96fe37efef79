"""The compiled kernel, unless it could not be built or ``TICKFRAME_KERNEL`` is ``off``."""

from __future__ import annotations

import importlib
import os
from typing import Any


def _load() -> Any:
    if os.environ.get("TICKFRAME_KERNEL") == "off":
        return None
    try:
        return importlib.import_module("tickframe._kernel")
    except ImportError:
        return None


#: The compiled module; None if there is none and the official parser decodes every message.
kernel = _load()

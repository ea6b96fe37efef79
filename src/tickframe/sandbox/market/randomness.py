"""Random numbers that depend on a key alone: they are the same in every process and in any order."""

from __future__ import annotations

import hashlib

import numpy as np


def stable_integer(*key: object) -> int:
    """Return a 128-bit integer that depends only on the key."""
    # Python's own hash of a string differs between processes.
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=16).digest(), "big")


def stable_generator(*key: object) -> np.random.Generator:
    """Return a generator whose numbers depend only on the key."""
    return np.random.Generator(np.random.PCG64(stable_integer(*key)))

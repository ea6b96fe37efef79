"""The cache: answers in Parquet files, each whole, each with its provenance, in any place of ``pyarrow.fs``."""

from tickframe.cache.key import Key, key_of, windowed
from tickframe.cache.maintenance import CacheInfo, Verification
from tickframe.cache.store import Cache, default_folder, open_cache

__all__ = ["Cache", "CacheInfo", "Key", "Verification", "default_folder", "key_of", "open_cache", "windowed"]

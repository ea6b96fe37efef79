"""The cache: responses in Parquet files, each with checksums and its provenance, at any location of ``pyarrow.fs``."""

from tickframe.cache.maintenance import CacheInfo, Verification
from tickframe.cache.store import Cache, default_folder, open_cache

__all__ = ["Cache", "CacheInfo", "Verification", "default_folder", "open_cache"]

"""A local service that speaks the documented protocol, with a simulated market or your own Parquet files."""

from tickframe.sandbox.dialect import Dialect
from tickframe.sandbox.server import Sandbox

__all__ = ["Dialect", "Sandbox"]

"""Load xyt hub tick data into pandas: complete, exact and fast.

>>> import tickframe as tf
>>> client = tf.Client.sandbox()
>>> ticks = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").to_pandas()
>>> client.close()
"""

from importlib.metadata import version as _version

from tickframe import accessor, errors
from tickframe.cache import Cache
from tickframe.catalogue import ChainType, ItemType, TickDataFlag, TickDataType
from tickframe.client import Client, read_ticks
from tickframe.errors import TickframeError, TickframeWarning
from tickframe.export.reader import read_dataset, scan_dataset
from tickframe.query import Query

__all__ = [
    "Cache",
    "ChainType",
    "Client",
    "ItemType",
    "Query",
    "TickDataFlag",
    "TickDataType",
    "TickframeError",
    "TickframeWarning",
    "accessor",
    "errors",
    "read_dataset",
    "read_ticks",
    "scan_dataset",
]

__version__ = _version("tickframe")

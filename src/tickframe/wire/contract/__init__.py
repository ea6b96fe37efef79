"""The messages of the service, generated from ``proto/``."""

from tickframe.wire.contract import types_pb2
from tickframe.wire.contract.api_data_pb2 import DataRequest, DataResponse
from tickframe.wire.contract.types_pb2 import Table, Value, ValueList

__all__ = ["DataRequest", "DataResponse", "Table", "Value", "ValueList", "types_pb2"]

"""The documented functions of the service as methods, with their documented names and parameters."""

from tickframe.functions.days import DayMethods
from tickframe.functions.instruments import InstrumentMethods
from tickframe.functions.lookups import LookupMethods
from tickframe.functions.ticks import TickMethods

__all__ = ["DocumentedFunctions"]


class DocumentedFunctions(TickMethods, DayMethods, InstrumentMethods, LookupMethods):
    """A method for each documented function."""

"""Convert Arrow tables to DataFrames.

==================  ============================  ===========================
Arrow               pandas (default)              null
==================  ============================  ===========================
int64               Int64                         NA
double              float64                       NaN
string              str (object before pandas 3)  NaN (None before pandas 3)
dictionary          category                      NaN
bool                bool                          NA (boolean if there is one)
date32              datetime64[ns]                NaT
duration[ns]        timedelta64[ns]               NaT
timestamp[ns]       datetime64[ns]                NaT
timestamp[ns, tz]   datetime64[ns, tz]            NaT
==================  ============================  ===========================

With ``dtype_backend="numpy"`` int64 is int64 and bool is bool, which have no null.
"""

from tickframe.arrow_to_pandas.columns import DtypeBackend as DtypeBackend
from tickframe.arrow_to_pandas.columns import Nulls as Nulls
from tickframe.arrow_to_pandas.frame import FrameBuilder as FrameBuilder
from tickframe.arrow_to_pandas.frame import check_conversion as check_conversion
from tickframe.arrow_to_pandas.frame import to_dataframe as to_dataframe
from tickframe.arrow_to_pandas.frame import to_pandas_array as to_pandas_array

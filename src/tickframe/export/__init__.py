"""Responses to a Parquet dataset that knows what it holds."""

from tickframe.export.conflicts import Existing as Existing
from tickframe.export.dataset import Dataset as Dataset
from tickframe.export.dataset import check_existing as check_existing
from tickframe.export.dataset import open_dataset as open_dataset
from tickframe.export.records import Record as Record
from tickframe.export.writer import Export as Export

"""Names of directories: what is accepted comes back from every reader, and the rest is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.export.names import DirectoryNames, check_directories, check_partition_columns, directory_name
from tickframe.location import Location
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

# Dask calls pandas as older versions of it had it.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

# The call of each reader that its documentation shows first.
READERS: dict[str, Callable[[str], list[object]]] = {
    "pandas": lambda folder: pd.read_parquet(folder)["symbol"].tolist(),
    "pyarrow": lambda folder: ds.dataset(folder, partitioning="hive").to_table()["symbol"].to_pylist(),
    "polars": lambda folder: (
        pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).collect()["symbol"].to_list()
    ),
    "duckdb": lambda folder: [
        symbol
        for (symbol,) in duckdb.execute("select symbol from read_parquet(?)", [f"{folder}/**/*.parquet"]).fetchall()
    ],
    "dask": lambda folder: dd.read_parquet(folder)["symbol"].compute(scheduler="synchronous").tolist(),
}

# Each of them is changed by at least one of the readers, alone or among others.
CHANGED = [
    *("", "null", "NULL", "__HIVE_DEFAULT_PARTITION__"),
    *("0700", "7", "-1", "1.5", ".5", "1e5", "1E-5", "1e400", "0x10", "0XFF", "0b1", "9" * 30, "\u0661"),
    *("TRUE", "true", "False", "NaN", "inf", "-Infinity", "epoch"),
    *("2016-05-02", "20160502", "2016/5/2", "02.05.2016", "1-2-3", "16-05-02", "1.2.3"),
    *("10:00", "1:02:03.5", "2016-05-02 10:00", "2016-05-02T10:00:00Z", "20160502T100000"),
]

# None of them is.
KEPT = [
    *("ZAL.XE", "0700.HK", "1COV.DE", "C/17Z.NL", "A/B", "A\\B", "A B", " A ", "50%", "%41", "\u00e9", "\u65e5\u672c"),
    *("NA", "N/A", "None", "NaT", "T", "yes", "1L", "5e", "0x", "..", ".A", "_A", "^GSPC", "A=B", "A&B", "A*[1]?{b}"),
    *("A\"B'C", "A\nB", "A,B;C", "7 apples", "1h", "INF.XE", "TRUE.US", "123e4567-e89b-12d3-a456-426614174000"),
    "A" * (255 - len("symbol=")),
]


def write_directories(folder: Path, symbols: Sequence[str]) -> None:
    """Write one row into the directory of each symbol."""
    for symbol in symbols:
        directory = folder / f"symbol={directory_name(symbol)}" / "date=2016-05-02"
        directory.mkdir(parents=True)
        pq.write_table(pa.table({"price": [1.0]}), directory / "a.parquet")


def is_changed(folder: Path, symbols: list[str], reader: Callable[[str], list[object]]) -> bool:
    """Return whether a reader fails or finds other symbols."""
    try:
        return sorted(reader(str(folder)), key=repr) != sorted(symbols, key=repr)
    except (pa.ArrowException, pl.exceptions.PolarsError):
        return True


@pytest.mark.parametrize("symbol", CHANGED)
def test_a_symbol_that_readers_change_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be the name of a directory: .*partition_by=\[\]") as refused:
        check_directories("symbol", ["ZAL.XE", symbol])
    assert repr(symbol) in str(refused.value)


@pytest.mark.parametrize("reader", READERS)
def test_accepted_symbols_come_back_from_every_reader(reader: str, tmp_path: Path) -> None:
    check_directories("symbol", KEPT)
    write_directories(tmp_path, KEPT)
    assert not is_changed(tmp_path, KEPT, READERS[reader])


@pytest.mark.parametrize("symbol", ["0700", "1e5", "TRUE", "2016-05-02", "__HIVE_DEFAULT_PARTITION__"])
def test_refused_symbols_are_in_fact_changed_by_a_reader(symbol: str, tmp_path: Path) -> None:
    write_directories(tmp_path, [symbol])
    assert any(is_changed(tmp_path, [symbol], reader) for reader in READERS.values())


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("directory", ["", "date=2016-05-02"])
def test_the_recommended_layout_keeps_every_symbol(directory: str, reader: str, tmp_path: Path) -> None:
    symbols = [*CHANGED, *KEPT, "zal.xe", "\u00e9" * 90]
    (tmp_path / directory).mkdir(exist_ok=True)
    for number, symbol in enumerate(symbols):
        table = pa.table({"symbol": pa.array([symbol]).dictionary_encode(), "price": [1.0]})
        pq.write_table(table, tmp_path / directory / f"{number}.parquet")
    assert not is_changed(tmp_path, symbols, READERS[reader])


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.text(alphabet="0123456789.-+:/eExXTZ aAnNfFiI", max_size=12),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    )
)
def test_every_accepted_symbol_comes_back_from_every_reader(symbol: str) -> None:
    try:
        check_directories("symbol", [symbol])
    except ValueError:
        return
    with TemporaryDirectory() as folder:
        write_directories(Path(folder), [symbol])
        assert [name for name, reader in READERS.items() if is_changed(Path(folder), [symbol], reader)] == []


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("symbol", None, "null"),
        ("symbol", "\u00e9" * 90, "547 bytes"),
        ("symbol", "A" * 249, "256 bytes"),
        ("size", 2**31, "as text"),
        ("date", None, r"partition_by without 'date', such as \[\]"),
    ],
)
def test_other_values_that_do_not_come_back_are_refused(column: str, value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_directories(column, [value])


def test_dates_integers_and_booleans_are_accepted() -> None:
    check_directories("date", [dt.date(2016, 5, 2)])
    check_directories("size", [0, -1, 2**31 - 1])
    check_directories("flag", [True, False])


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (["trade"], "'trade' is double"),
        (["time"], r"'time' is duration\[ns\]"),
        (["venue"], "no column 'venue', only"),
        (["symbol", "symbol"], "'symbol' is repeated"),
    ],
)
def test_columns_whose_values_have_no_single_name_are_refused(columns: list[str], reason: str) -> None:
    label = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        {"symbol": label, "date": pa.date32(), "time": pa.duration("ns"), "trade": pa.float64(), "size": pa.int64()}
    )
    check_partition_columns(["symbol", "date", "size"], schema)
    with pytest.raises(ValueError, match=reason):
        check_partition_columns(columns, schema)


class CaseIgnored(fs.FileSystemHandler):
    """The files below a directory, found whatever the case of their names."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._local = fs.LocalFileSystem()

    def get_type_name(self) -> str:
        """Return the name of the file system."""
        return "case-ignored"

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        """Find each file by its lower case."""
        return list(self._local.get_file_info([self.normalize_path(path) for path in paths]))

    def create_dir(self, path: str, recursive: bool) -> None:
        """Create a directory."""
        self._local.create_dir(self.normalize_path(path), recursive=recursive)

    def delete_file(self, path: str) -> None:
        """Delete a file."""
        self._local.delete_file(self.normalize_path(path))

    def move(self, source: str, target: str) -> None:
        """Move a file."""
        self._local.move(self.normalize_path(source), self.normalize_path(target))

    def open_output_stream(self, path: str, metadata: object) -> pa.NativeFile:
        """Open a file for writing."""
        return self._local.open_output_stream(self.normalize_path(path), metadata=metadata)

    def normalize_path(self, path: str) -> str:
        """Return the name that a file has on the disk."""
        return self._root + path[len(self._root) :].lower()

    def _not_used(self, *arguments: object) -> object:
        raise NotImplementedError

    get_file_info_selector = delete_dir = delete_dir_contents = delete_root_dir_contents = _not_used
    copy_file = open_input_stream = open_input_file = open_append_stream = _not_used


def test_names_that_fall_together_are_refused_only_where_the_disk_ignores_case(tmp_path: Path) -> None:
    folding = DirectoryNames(Location(tmp_path, fs.PyFileSystem(CaseIgnored(tmp_path))))
    folding.add(["symbol=ZAL.XE", "symbol=ADS.XE", "symbol=ZAL.XE"])
    with pytest.raises(ValueError, match=r"symbol=ZAL.XE and symbol=zal.xe would be the same .*ignores case.*\[\]"):
        folding.add(["symbol=zal.xe"])
    DirectoryNames(Location(tmp_path)).add(["symbol=ZAL.XE", "symbol=zal.xe"])
    # The probe leaves nothing behind.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_names_of_letters_beyond_ascii_stay_apart_on_every_disk(tmp_path: Path) -> None:
    folding = DirectoryNames(Location(tmp_path, fs.PyFileSystem(CaseIgnored(tmp_path))))
    folding.add(f"symbol={directory_name(symbol)}" for symbol in ("\u00e9", "\u00c9"))


@pytest.mark.parametrize("symbol", ["0700", "TRUE", "\u00e9" * 90])
def test_a_symbol_that_cannot_be_a_directory_is_refused_before_anything_is_sent(
    scripted: ScriptedServer, symbol: str, tmp_path: Path
) -> None:
    with tf.Client(scripted.url, token="t") as client:
        query = client.tick_data("ACTIV", ["ZAL.XE", symbol], "2016-05-05", data_type="TRADES")
        with pytest.raises(ValueError, match=rf"symbol '{symbol}' cannot be the name of a directory"):
            query.to_parquet(tmp_path / "out")
        with pytest.raises(ValueError, match="'trade' is double"):
            query.to_parquet(tmp_path / "out", partition_by="trade")
    assert scripted.received == []
    assert not (tmp_path / "out").exists()


def test_a_symbol_that_a_response_brings_is_refused_before_a_file_is_written(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    response = DataResponse()
    response.data.columns["symbol"].string_list.values.extend(["ZAL.XE", "0700"])
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "chain")
        with pytest.raises(ValueError, match=r"'0700' cannot be the name of a directory.*the number 700"):
            query.to_parquet(tmp_path, partition_by="symbol")
        assert list(tmp_path.rglob("*.parquet")) == []
        query.to_parquet(tmp_path, partition_by=[], existing="overwrite")
    assert pd.read_parquet(tmp_path)["symbol"].tolist() == ["ZAL.XE", "0700"]

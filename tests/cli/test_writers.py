"""Files and streams of unusual ticks, and of ticks that an error ends."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tickframe.cli.writers import StreamFormat, write_file, write_stream
from tickframe.errors import TransportError

BATCH = pa.RecordBatch.from_pydict(
    {
        "timestamp": pa.array([1_462_406_400_000_000_001, 1_462_492_800_000_000_001, None], pa.timestamp("ns")),
        "symbol": pa.array(["A,B", "", None]),
        "trade": pa.array([0.1, 1e300, None]),
        "trade_size": pa.array([2**63 - 1, -(2**53) - 1, None]),
        "trade_condition": pa.array(['say "AT"', "AT", None]).dictionary_encode(),
    }
)


def reader(batches):
    return pa.RecordBatchReader.from_batches(BATCH.schema, batches)


def test_csv_is_exact(tmp_path):
    """Nanoseconds, times past midnight, the largest integers, quotes and nulls are kept."""
    path = tmp_path / "ticks.csv"
    write_file(reader([BATCH]), path)
    assert path.read_text().split("\n") == [
        '"timestamp","symbol","trade","trade_size","trade_condition"',
        '2016-05-05 00:00:00.000000001,"A,B",0.1,9223372036854775807,"say ""AT"""',
        '2016-05-06 00:00:00.000000001,"",1e+300,-9007199254740993,"AT"',
        ",,,,",
        "",
    ]


def test_pandas_reads_integers_of_a_parquet_file_exactly(tmp_path):
    """With nulls, too, as in a file of a dataset; timestamps are stored as differences."""
    path = tmp_path / "ticks.parquet"
    write_file(reader([BATCH]), path)
    frame = pd.read_parquet(path)
    assert frame["trade_size"].dtype == "Int64"
    assert frame["trade_size"].tolist() == [2**63 - 1, -(2**53) - 1, pd.NA]
    assert pq.read_table(path).equals(pa.Table.from_batches([BATCH]))
    assert "DELTA_BINARY_PACKED" in pq.read_metadata(path).row_group(0).column(0).encodings


@pytest.mark.parametrize("name", ["ticks.csv", "ticks.parquet"])
def test_an_error_leaves_no_file(tmp_path, name):
    """An error after the first batch is raised unchanged, and no incomplete file remains."""

    def broken():
        yield BATCH
        raise TransportError("the connection was lost")

    with pytest.raises(TransportError):
        write_file(reader(broken()), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_error_keeps_an_existing_file(tmp_path):
    """A file that is to be replaced is still there after an error."""
    path = tmp_path / "ticks.csv"
    path.write_text("older")

    def broken():
        yield BATCH
        raise TransportError("the connection was lost")

    with pytest.raises(TransportError):
        write_file(reader(broken()), path)
    assert path.read_text() == "older"


def test_an_arrow_stream_has_the_batches():
    """Rows, columns and types are kept."""
    pipe = io.BytesIO()
    write_stream(reader([BATCH, BATCH]), pipe, StreamFormat.ARROW)
    assert pa.ipc.open_stream(pipe.getvalue()).read_all() == pa.Table.from_batches([BATCH, BATCH])


def test_an_arrow_stream_that_an_error_ends_is_invalid():
    """The reader raises, instead of taking the stream for complete."""

    def broken():
        yield BATCH
        raise TransportError("the connection was lost")

    pipe = io.BytesIO()
    with pytest.raises(TransportError):
        write_stream(reader(broken()), pipe, StreamFormat.ARROW)
    with pa.ipc.open_stream(pipe.getvalue()) as stream, pytest.raises((pa.ArrowInvalid, OSError)):
        stream.read_all()


def test_csv_is_the_same_in_a_stream_and_a_file(tmp_path):
    """Both have the same bytes."""
    pipe = io.BytesIO()
    pipe.close = lambda: None
    write_stream(reader([BATCH]), pipe, StreamFormat.CSV)
    write_file(reader([BATCH]), tmp_path / "ticks.csv")
    assert pipe.getvalue() == (tmp_path / "ticks.csv").read_bytes()

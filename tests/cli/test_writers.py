"""What a file holds when its ticks end early or are unusual."""

import datetime as dt
import io

import pyarrow as pa
import pytest

from tickframe.cli.writers import PipeFormat, write_ticks, write_ticks_to_pipe
from tickframe.errors import TransportError

BATCH = pa.RecordBatch.from_pydict(
    {
        "symbol": pa.array(["A,B", "", None]),
        "date": pa.array([dt.date(2016, 5, 5), dt.date(2016, 5, 5), None]),
        "time": pa.array([1, 86_400_000_000_001, None], pa.duration("ns")),
        "trade": pa.array([0.1, 1e300, None]),
        "trade_size": pa.array([2**63 - 1, -(2**53) - 1, None]),
        "trade_condition": pa.array(['say "AT"', "AT", None]).dictionary_encode(),
    }
)


def reader(batches):
    return pa.RecordBatchReader.from_batches(BATCH.schema, batches)


def test_csv_writes_each_value_exactly(tmp_path):
    """Nanoseconds, times past midnight, the largest integers, quotes and nulls survive."""
    path = tmp_path / "ticks.csv"
    write_ticks(reader([BATCH]), path)
    assert path.read_text().split("\n") == [
        '"timestamp","symbol","trade","trade_size","trade_condition"',
        '2016-05-05 00:00:00.000000001,"A,B",0.1,9223372036854775807,"say ""AT"""',
        '2016-05-06 00:00:00.000000001,"",1e+300,-9007199254740993,"AT"',
        ",,,,",
        "",
    ]


@pytest.mark.parametrize("name", ["ticks.csv", "ticks.parquet"])
def test_ticks_that_end_early_leave_no_file(tmp_path, name):
    """An error behind the first batch arrives as it is, and no half file is left."""

    def broken():
        yield BATCH
        raise TransportError("the connection was lost")

    with pytest.raises(TransportError):
        write_ticks(reader(broken()), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_date_that_nanoseconds_cannot_hold_keeps_the_older_file(tmp_path):
    """CSV refuses the year 9999 instead of wrapping it round, and leaves the file that was there."""
    path = tmp_path / "ticks.csv"
    path.write_text("older")
    position = BATCH.schema.get_field_index("date")
    far = BATCH.set_column(position, "date", pa.array([dt.date(9999, 1, 1)] * 3))
    with pytest.raises(ValueError, match="out of bounds"):
        write_ticks(reader([BATCH, far]), path)
    assert path.read_text() == "older"


def test_an_arrow_stream_is_the_batches_as_they_come():
    """Rows, columns and types arrive at the other end of the pipe."""
    pipe = io.BytesIO()
    write_ticks_to_pipe(reader([BATCH, BATCH]), pipe, PipeFormat.ARROW)
    assert pa.ipc.open_stream(pipe.getvalue()).read_all() == pa.Table.from_batches([BATCH, BATCH])


def test_an_arrow_stream_that_ends_early_does_not_pass_for_whole():
    """What is behind an error is read as an error at the other end, not as the end."""

    def broken():
        yield BATCH
        raise TransportError("the connection was lost")

    pipe = io.BytesIO()
    with pytest.raises(TransportError):
        write_ticks_to_pipe(reader(broken()), pipe, PipeFormat.ARROW)
    with pa.ipc.open_stream(pipe.getvalue()) as stream, pytest.raises((pa.ArrowInvalid, OSError)):
        stream.read_all()


def test_csv_in_a_pipe_is_csv_in_a_file(tmp_path):
    """Both are the same bytes."""
    pipe = io.BytesIO()
    pipe.close = lambda: None
    write_ticks_to_pipe(reader([BATCH]), pipe, PipeFormat.CSV)
    write_ticks(reader([BATCH]), tmp_path / "ticks.csv")
    assert pipe.getvalue() == (tmp_path / "ticks.csv").read_bytes()

"""Reading an export: the frame that the query returned, or an error that says what is wrong."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from pyarrow import feather

import tickframe as tf
from tests.object_store import ObjectStore
from tests.scripted_server import Reply, ScriptedServer
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

pytestmark = pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")

SYMBOLS = ["ZAL.XE", "ADS.XE"]
# The last day is a Saturday.
DAYS = ("2016-05-05", "2016-05-07")
ZONES = {"XE": "Europe/Berlin"}
WRITTEN = Path(__file__).parent.parent / "data" / "written_by_0.1.0"

LAYOUTS: list[dict[str, Any]] = [
    {},
    {"partition_by": ["date", "symbol"]},
    {"partition_by": "date"},
    {"partition_by": "symbol"},
    {"partition_by": []},
    {"order": "time"},
    {"times": "documented"},
    {"times": "documented", "partition_by": "symbol", "order": "time"},
]


def query_of(client: tf.Client, **arguments: Any) -> tf.Query:
    asked = {"symbol": SYMBOLS, "day": DAYS, "data_type": "TRADES", "to_time": "09:10", **arguments}
    return client.tick_data("ACTIV", **asked)


@pytest.fixture(scope="module")
def query(client: tf.Client) -> tf.Query:
    return query_of(client)


@pytest.fixture(scope="module")
def frame(query: tf.Query) -> pd.DataFrame:
    return query.to_pandas()


@pytest.fixture(scope="module")
def exported(query: tf.Query, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    query.to_parquet(folder)
    return folder


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "copy"))


def shown(layout: Mapping[str, object]) -> str:
    return ",".join(f"{name}={value}" for name, value in layout.items()) or "default"


@pytest.mark.parametrize("layout", LAYOUTS, ids=shown)
def test_the_frame_is_that_of_the_query(
    query: tf.Query, frame: pd.DataFrame, layout: dict[str, Any], tmp_path: Path
) -> None:
    query.to_parquet(tmp_path, **layout)
    assert_frame_equal(tf.read_dataset(tmp_path), frame)
    with_zone = tf.read_dataset(tmp_path, tz="Europe/Berlin")
    assert_frame_equal(with_zone, query.to_pandas(tz="Europe/Berlin"))
    assert_frame_equal(tf.read_dataset(tmp_path, tz=ZONES), query.to_pandas(tz=ZONES))


@pytest.mark.parametrize("tz", ["Europe/Berlin", ZONES], ids=["zone", "zones"])
@pytest.mark.parametrize("partition_by", [["symbol", "date"], []], ids=["directories", "one directory"])
def test_the_time_zone_of_an_export_is_that_of_the_frame(
    query: tf.Query, tz: str | dict[str, str], partition_by: list[str], tmp_path: Path
) -> None:
    query.to_parquet(tmp_path, tz=tz, partition_by=partition_by)
    expected = query.to_pandas(tz=tz)
    assert_frame_equal(tf.read_dataset(tmp_path), expected)
    assert_frame_equal(tf.read_dataset(tmp_path, tz=tz if isinstance(tz, str) else {".XE": tz["XE"]}), expected)
    with pytest.raises(ValueError, match=r"have a time zone already.*tz_convert"):
        tf.read_dataset(tmp_path, tz="Europe/London")


@pytest.mark.parametrize("layout", LAYOUTS, ids=shown)
def test_symbols_days_and_columns_are_selected(
    query: tf.Query, frame: pd.DataFrame, layout: dict[str, Any], tmp_path: Path
) -> None:
    query.to_parquet(tmp_path, **layout)
    one = frame[frame["symbol"] == "ADS.XE"].loc["2016-05-06"]
    columns = ["trade_size", "trade"]
    assert_frame_equal(tf.read_dataset(tmp_path, symbols="ADS.XE", days="2016-05-06", columns=columns), one[columns])
    assert len(tf.read_dataset(tmp_path, symbols=SYMBOLS, days=DAYS)) == len(frame)
    assert len(tf.read_dataset(tmp_path, days=[dt.date(2016, 5, 6)])) == len(frame.loc["2016-05-06"])
    assert list(tf.read_dataset(tmp_path, columns="trade")) == ["trade"]


@pytest.mark.parametrize("tz", ["Asia/Tokyo", {"XE": "Asia/Tokyo"}], ids=["zone", "zones"])
def test_days_are_those_of_the_exchange_without_a_date_in_the_files(
    query: tf.Query, frame: pd.DataFrame, tz: str | dict[str, str], tmp_path: Path
) -> None:
    query.to_parquet(tmp_path, tz=tz, partition_by=[])
    read = tf.read_dataset(tmp_path, days="2016-05-06")
    # 09:00 in Tokyo is midnight in UTC.
    assert_frame_equal(read.reset_index(drop=True), frame.loc["2016-05-06"].reset_index(drop=True))


def test_a_day_without_ticks_is_an_empty_frame_of_the_same_dtypes(frame: pd.DataFrame, exported: Path) -> None:
    for selection in ({"days": "2016-05-07"}, {"days": "2016-05-07", "symbols": "ADS.XE"}):
        empty = tf.read_dataset(exported, **selection)
        assert len(empty) == 0
        assert empty.dtypes.astype(str).to_dict() == frame.dtypes.astype(str).to_dict()
        assert empty.index.dtype == frame.index.dtype


@pytest.mark.parametrize("partition_by", [["symbol", "date"], []], ids=["directories", "one directory"])
def test_what_is_not_there_is_an_error_that_says_what_is(
    query: tf.Query, partition_by: list[str], tmp_path: Path
) -> None:
    query.to_parquet(tmp_path, partition_by=partition_by)
    with pytest.raises(ValueError, match=r"no symbol 'ADS.XF'.*it has ADS.XE, ZAL.XE; did you mean 'ADS.XE'\?"):
        tf.read_dataset(tmp_path, symbols=["ZAL.XE", "ADS.XF"])
    with pytest.raises(ValueError, match=r"no column 'trade_sice'.*did you mean 'trade_size'\?"):
        tf.read_dataset(tmp_path, columns=["trade", "trade_sice"])
    with pytest.raises(ValueError, match=r"no day 2016-05-08.*it has 2016-05-05 to 2016-05-07"):
        tf.read_dataset(tmp_path, days=["2016-05-05", "2016-05-08"])
    with pytest.raises(ValueError, match=r"no day from 2016-05-08 to 2016-05-09"):
        tf.read_dataset(tmp_path, days=("2016-05-08", "2016-05-09"))


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"days": ("2016-05-07", "2016-05-05")}, "reversed range"),
        ({"days": ("2016-05-05", "2016-05-06", "2016-05-07")}, "a tuple of the first and the last, or a list"),
        ({"days": "5 May"}, "invalid day"),
        ({"symbols": []}, "symbols is empty"),
        ({"days": []}, "days is empty"),
        ({"columns": ["trade", "trade"]}, "repeated"),
        ({"tz": "Mars"}, "invalid tz 'Mars'"),
        ({"tz": {"L": "Europe/London"}}, "no time zone for the suffixes 'XE'"),
    ],
)
def test_wrong_arguments_are_named(exported: Path, selection: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.read_dataset(exported, **selection)


def test_ticks_of_one_time_are_in_the_order_of_the_parts(scripted: ScriptedServer, tmp_path: Path) -> None:
    symbols = [f"{letter}.XE" for letter in "QWERTYUIOP"]
    response = DataResponse()
    response.data.columns["date"].days_list.values.append(16926)
    response.data.columns["time"].nanoseconds_list.values.append(9 * 3600 * 10**9)
    response.data.columns["trade"].double_list.values.append(1.5)
    response.data.columns["trade_size"].integer_list.values.append(1)
    response.data.columns["trade_condition"].string_list.values.append("A")
    replies = []
    for symbol in symbols:
        response.data.columns["symbol"].string_list.values[:] = [symbol]
        replies.append(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t", max_workers=1) as client:
        query = query_of(client, symbol=symbols, day="2016-05-05")
        scripted.reply(*replies)
        query.to_parquet(tmp_path)
    assert tf.read_dataset(tmp_path)["symbol"].to_list() == symbols
    # Interrupted after the last file, and run again.
    (tmp_path / "_tickframe" / "manifest.json").unlink()
    query.to_parquet(tmp_path)
    frame = tf.read_dataset(tmp_path)
    assert frame["symbol"].to_list() == list(frame["symbol"].cat.categories) == symbols


def test_rows_without_a_timestamp_are_in_the_order_of_the_files(client: tf.Client, tmp_path: Path) -> None:
    query = client.end_of_day("ACTIV", SYMBOLS, "2016-05-02", "2016-05-06")
    query.to_parquet(tmp_path)
    expected = query.to_pandas().sort_values(["symbol", "date"], kind="stable", ignore_index=True)
    read = tf.read_dataset(tmp_path).sort_values(["symbol", "date"], kind="stable", ignore_index=True)
    assert_frame_equal(read, expected)
    two = tf.read_dataset(tmp_path, symbols="ZAL.XE", days=("2016-05-03", "2016-05-04"))
    assert two["date"].to_list() == [pd.Timestamp("2016-05-03"), pd.Timestamp("2016-05-04")]
    with pytest.raises(ValueError, match="tz needs a date and a time of day"):
        tf.read_dataset(tmp_path, tz="Europe/Berlin")


def test_an_export_without_rows_is_read_with_its_columns(client: tf.Client, tmp_path: Path) -> None:
    query = query_of(client, day="2016-05-07")
    query.to_parquet(tmp_path)
    assert_frame_equal(tf.read_dataset(tmp_path), query.to_pandas())
    assert tf.scan_dataset(tmp_path).to_table().num_rows == 0
    assert tf.scan_dataset(tmp_path).schema.names[:2] == ["timestamp", "symbol"]


def test_the_answer_of_an_undocumented_function_is_read(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["symbol"].string_list.values.extend(["0700.HK", "A/B"])
    response.data.columns["price"].double_list.values.extend([1.5, 2.5])
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "prices")
        query.to_parquet(tmp_path, partition_by="symbol")
        assert_frame_equal(tf.read_dataset(tmp_path), query.to_pandas())
    assert tf.read_dataset(tmp_path, symbols="A/B")["price"].to_list() == [2.5]
    with pytest.raises(ValueError, match="have no date"):
        tf.read_dataset(tmp_path, days="2016-05-05")


@pytest.mark.parametrize("layout", [{}, {"times": "documented"}, {"order": "time", "partition_by": []}], ids=shown)
def test_ticks_from_get_have_their_index(client: tf.Client, layout: dict[str, Any], tmp_path: Path) -> None:
    arguments = {"symbol": "ZAL.XE", "day": "2016-05-05", "data_type": "TRADES", "to_time": "09:10"}
    query = client.get("ACTIV", "tickData", **arguments)
    query.to_parquet(tmp_path, **layout)
    assert_frame_equal(tf.read_dataset(tmp_path), query.to_pandas())
    assert_frame_equal(tf.read_dataset(tmp_path, tz="Europe/Berlin"), query.to_pandas(tz="Europe/Berlin"))
    # The same request again, now that the columns of its rows are known.
    assert len(query.to_parquet(tmp_path, **layout)) == 1


def test_a_timestamp_of_the_response_is_a_column(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["timestamp"].timestamps_list.values.append(1)
    response.data.columns["price"].double_list.values.append(1.5)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "prices")
        query.to_parquet(tmp_path, partition_by=[])
        assert_frame_equal(tf.read_dataset(tmp_path), query.to_pandas())
    assert tf.read_dataset(tmp_path).columns.to_list() == ["price", "timestamp"]


@pytest.mark.parametrize("layout", LAYOUTS, ids=shown)
def test_categories_are_in_the_order_of_the_response(client: tf.Client, layout: dict[str, Any], tmp_path: Path) -> None:
    query = client.tick_snapshot("ACTIV", SYMBOLS, "2016-05-05", data_type="TRADES", time="11:00")
    frame = query.to_pandas()
    # The last trade of the second symbol is the earlier one.
    assert frame["symbol"].to_list() == SYMBOLS[::-1]
    query.to_parquet(tmp_path, **layout)
    assert_frame_equal(tf.read_dataset(tmp_path), frame)


def test_a_place_without_an_export_is_an_error(tmp_path: Path) -> None:
    for read in (tf.read_dataset, tf.scan_dataset):
        with pytest.raises(tf.errors.DatasetError, match="there is no export"):
            read(tmp_path / "nothing")


def test_an_interrupted_export_is_an_error(copy: Path) -> None:
    (copy / "_tickframe" / "manifest.json").unlink()
    for read in (tf.read_dataset, tf.scan_dataset):
        with pytest.raises(tf.errors.DatasetError, match=r"was interrupted, .* or is still running: run it again"):
            read(copy)


def test_an_export_without_its_failed_parts_is_an_error(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["symbol"].string_list.values.append("A")
    whole = Reply(write_frame(response.SerializeToString()))
    with tf.Client(scripted.url, token="t", max_workers=1) as client:
        query = query_of(client, symbol="A", day=("2016-05-02", "2016-05-03"))
        scripted.reply(whole, Reply(b"", 403))
        query.to_parquet(tmp_path, partition_by="symbol", on_error="collect")
        for read in (tf.read_dataset, tf.scan_dataset):
            with pytest.raises(tf.errors.DatasetError, match="run it again, which loads only what is missing"):
                read(tmp_path)
        scripted.reply(whole)
        query.to_parquet(tmp_path, partition_by="symbol")
    assert len(tf.read_dataset(tmp_path)) == 2


def test_a_damaged_manifest_is_an_error(copy: Path) -> None:
    (copy / "_tickframe" / "manifest.json").write_text('{"parts": {"a": 1}}')
    with pytest.raises(tf.errors.DatasetError, match="cannot be read: run the export again"):
        tf.read_dataset(copy)


@pytest.fixture
def file(copy: Path) -> Path:
    return next((copy / "symbol=ZAL.XE" / "date=2016-05-05").glob("*.parquet"))


def test_a_truncated_file_is_an_error_until_the_export_runs_again(query: tf.Query, copy: Path, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    for read in (tf.read_dataset, tf.scan_dataset):
        with pytest.raises(tf.errors.DatasetError, match=rf"{file.name} .* bytes instead of .*: run the export again"):
            read(copy)
    query.to_parquet(copy)
    assert len(tf.read_dataset(copy)) == len(query.to_pandas())


def test_a_missing_file_is_an_error(copy: Path, file: Path) -> None:
    file.unlink()
    for read in (tf.read_dataset, tf.scan_dataset):
        with pytest.raises(tf.errors.DatasetError, match=f"{file.name} in .* is missing"):
            read(copy)


def test_a_changed_byte_is_an_error(copy: Path, file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(tf.errors.DatasetError, match=f"{file.name} in .* differs from its recorded checksum"):
        tf.read_dataset(copy)
    # Files that are not read are not compared.
    assert len(tf.read_dataset(copy, symbols="ADS.XE"))


def test_a_changed_byte_of_a_row_is_never_scanned(exported: Path, copy: Path, file: Path) -> None:
    """Pages have checksums, since the file is not read whole."""
    expected, content = tf.scan_dataset(exported).to_table(), file.read_bytes()
    metadata = pq.read_metadata(file).row_group(0)
    pages = [metadata.column(at) for at in range(metadata.num_columns)]
    for page in pages:
        start = page.dictionary_page_offset or page.data_page_offset
        for at in range(start, start + page.total_compressed_size, 97):
            file.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
            try:
                scanned = tf.scan_dataset(copy).to_table()
            except OSError:
                continue
            assert scanned.equals(expected)


def test_a_file_that_no_export_wrote_is_not_read(frame: pd.DataFrame, copy: Path, file: Path) -> None:
    shutil.copy(file, file.with_name("mine.parquet"))
    assert len(tf.read_dataset(copy)) == len(frame)
    assert tf.scan_dataset(copy).count_rows() == len(frame)


def test_a_dataset_has_the_types_of_the_response(query: tf.Query, exported: Path) -> None:
    scanned = tf.scan_dataset(exported)
    expected = query.to_arrow()
    assert scanned.schema == expected.schema.append(pa.field("date", pa.date32()))
    rows = scanned.to_table()
    assert rows.drop_columns(["date"]).to_pylist() == expected.to_pylist()
    assert rows["date"].to_pylist() == [row.date() for row in expected["timestamp"].to_pylist()]


def test_a_filter_opens_only_files_that_can_match(exported: Path) -> None:
    scanned = tf.scan_dataset(exported)
    everything = len(list(scanned.get_fragments()))
    assert everything == 4
    for predicate, expected in (
        (pc.field("symbol") == "ZAL.XE", 2),
        (pc.field("date") == dt.date(2016, 5, 6), 2),
        ((pc.field("symbol") == "ZAL.XE") & (pc.field("date") > dt.date(2016, 5, 5)), 1),
    ):
        assert len(list(scanned.get_fragments(filter=predicate))) == expected


def test_an_export_in_an_object_store_is_read(client: tf.Client, s3: ObjectStore, frame: pd.DataFrame) -> None:
    place = s3.uri("read")
    query_of(client).to_parquet(place)
    assert_frame_equal(tf.read_dataset(place), frame)
    assert len(tf.read_dataset(place, symbols="ZAL.XE")) == tf.scan_dataset(place).count_rows(
        filter=pc.field("symbol") == "ZAL.XE"
    )


def test_an_export_of_version_0_1_0_is_read() -> None:
    expected = feather.read_table(WRITTEN / "expected" / "trades.arrow")
    read = tf.read_dataset(WRITTEN / "export")
    assert len(read) == expected.num_rows
    assert list(read) == [name for name in expected.column_names if name not in ("date", "time")]
    moments = expected["date"].cast(pa.timestamp("ns")).to_pandas() + expected["time"].to_pandas()
    rows = list(zip(moments, expected["symbol"].to_pylist(), expected["trade"].to_pylist(), strict=True))
    assert list(zip(read.index, read["symbol"], read["trade"], strict=True)) == sorted(rows, key=lambda row: row[0])
    assert read.index.is_monotonic_increasing
    one = tf.read_dataset(WRITTEN / "export", symbols="ADS.XE", days="2016-05-06", tz="Europe/Berlin")
    assert len(one) == 113
    assert len(tf.read_dataset(WRITTEN / "export", symbols="ADS.XE", days="2016-05-07")) == 0
    with pytest.raises(ValueError, match=r"no symbol 'ADS.L'.*it has ADS.XE, ZAL.XE"):
        tf.read_dataset(WRITTEN / "export", symbols="ADS.L")
    assert tf.scan_dataset(WRITTEN / "export").schema.field("date").type == pa.date32()
    # Nothing was written.
    manifest = json.loads((WRITTEN / "export" / "_tickframe" / "manifest.json").read_text())
    assert sum(part["rows"] for part in manifest["parts"].values()) == len(read)

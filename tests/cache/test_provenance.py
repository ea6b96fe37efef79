"""Provenance that no version writes makes an entry invalid, wherever the entry is read, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.test_service import cached_client
from tests.faults.server import FaultServer
from tests.faults.ticks import ask, symbols, ticks_for
from tickframe.cache.checksum import InvalidEntryError, add_checksums
from tickframe.cache.provenance import Provenance
from tickframe.wire.contract import DataResponse, Value

PROVENANCE = Provenance(
    digest="0" * 32,
    window="day",
    request={"symbol": "ZAL.XE"},
    fetched=dt.datetime(2016, 5, 7, 12, tzinfo=dt.UTC),
    version="0.1.0",
    rows=3,
    bytes=99,
    warning="late",
    meta={"total_hits": 3},
    constant={"symbol": "ZAL.XE"},
)
# A day that Python's dates cannot be: valid protobuf all the same.
NO_DATE = base64.b64encode(DataResponse(meta={"day": Value(days_value=2**31 - 1)}).SerializeToString()).decode()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ODD: dict[str, list[object]] = {
    "digest": [None, 7, "1" * 32],
    "window": [None, "start-end", ["day"]],
    "request": [None, [], {"symbol": 7}, "symbol"],
    "fetched": ["", "yesterday", "2016-02-30T00:00:00+00:00", "0001-01-01T00:00:00+23:59", "2016-05-07T12:00:00", 7],
    "version": [None, 1],
    "rows": ["5", 5.0, -1, 10**300, True, None, 4],
    "bytes": ["9", -1, 1e400, float("nan"), 2**63],
    "warning": [None, b"".hex().split()],
    "meta": [None, "?", "AAAA", "////", "é", NO_DATE],
    "constant": [None, {"symbol": 1}, {"no such column": "x"}, {"date": "2016-02-30"}, {"date": "9" * 30}, ["date"]],
}
CASES = [(name, value) for name, values in ODD.items() for value in values]


def document() -> dict[str, object]:
    """Return the provenance as it is stored."""
    stored: dict[str, object] = json.loads(PROVENANCE.to_json())
    return stored


def replace_provenance(path: Path, change: dict[str, object], *, without: str = "") -> None:
    """Rewrite an entry with other provenance and right checksums."""
    table = pq.read_table(path, partitioning=None)
    stored = json.loads(table.schema.metadata[b"tickframe"]) | change
    stored.pop(without, None)
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({b"tickframe": json.dumps(stored)}), sink)
    path.write_bytes(add_checksums(sink.getvalue()))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


def test_provenance_is_read_as_it_was_written() -> None:
    assert Provenance.from_json(PROVENANCE.to_json().encode()) == PROVENANCE


@given(st.sampled_from(sorted(ODD)), JSON)
def test_any_value_is_read_exactly_or_invalid(name: str, value: object) -> None:
    changed = json.dumps(document() | {name: value}).encode()
    try:
        read = Provenance.from_json(changed)
    except InvalidEntryError:
        return
    assert type(getattr(read, name)) is type(getattr(PROVENANCE, name))


@given(JSON | st.binary().map(lambda content: content.decode("latin-1")))
def test_any_json_is_invalid(value: object) -> None:
    with pytest.raises(InvalidEntryError):
        Provenance.from_json(json.dumps(value).encode())


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b'{"rows": ' + b"9" * 5000 + b"}", b"null"])
def test_any_text_is_invalid(text: bytes) -> None:
    with pytest.raises(InvalidEntryError):
        Provenance.from_json(text)


@pytest.mark.parametrize(("name", "value"), CASES)
def test_an_entry_with_odd_provenance_is_a_miss_and_dropped(
    server: FaultServer, tmp_path: Path, name: str, value: object
) -> None:
    """In a query, in the dataset and in verify; listing the entries does not read them."""
    with cached_client(server, tmp_path) as client:
        query = ask(client, symbols(2))
        fresh = query.to_arrow()
        client.cache.flush()
        odd, _ = sorted(tmp_path.rglob("*.parquet"))
        replace_provenance(odd, {name: value})
        content = odd.read_bytes()
        assert client.cache.dataset().count_rows() == 5
        assert len(client.cache.entries()) == client.cache.info().entries == 2
        assert query.parts()["cached"].tolist() == [False, True]
        odd.write_bytes(content)
        assert query.to_arrow().equals(fresh)
        client.cache.flush()
        assert query.parts()["cached"].tolist() == [True, True]
        odd.write_bytes(content)
        assert [each.split(":")[0] for each in client.cache.verify().dropped] == [odd.relative_to(tmp_path).as_posix()]


@pytest.mark.parametrize("name", [*ODD, "format"])
def test_missing_provenance_is_invalid(server: FaultServer, tmp_path: Path, name: str) -> None:
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        client.cache.flush()
        [entry] = tmp_path.rglob("*.parquet")
        replace_provenance(entry, {}, without=name)
        assert ask(client).parts()["cached"].tolist() == [False]


def test_entries_are_listed_whatever_the_time_of_their_files(server: FaultServer, tmp_path: Path) -> None:
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        client.cache.flush()
        [entry] = tmp_path.rglob("*.parquet")
        os.utime(entry, (2**33, 2**33 * 2))
        assert len(client.cache.entries()) == 1

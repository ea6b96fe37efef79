"""Files in the cache's folder that are not entries are neither counted, nor read, nor deleted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import tickframe as tf
from tests.cache.test_service import cached_client
from tests.faults.server import FaultServer
from tests.faults.ticks import ask, symbols, ticks_for
from tickframe.cache.folder import MARKER

DIGEST = "0123456789abcdef" * 2
DAY = "source=ACTIV/function=tick_data/symbol=S000/date=2016-05-05"
FOREIGN = [
    # An entry's digest, but not its name.
    f"reports/march-{DIGEST}.parquet",
    f"march-{DIGEST}.parquet",
    f"{DAY}/march-{DIGEST}.parquet",
    f"{DAY}/day-{DIGEST}.parquet.bak",
    # Windows as they are never spelled.
    f"{DAY}/start-end-{DIGEST}.parquet",
    f"{DAY}/099900-100000-{DIGEST}.parquet",
    # An entry's name, but not its folder.
    f"day-{DIGEST}.parquet",
    f"reports/day-{DIGEST}.parquet",
    f"source=ACTIV/day-{DIGEST}.parquet",
    f"source=activ/function=tick_data/symbol=S000/date=2016-05-05/day-{DIGEST}.parquet",
    f"source=ACTIV/function=tick_data/symbol=a b/date=2016-05-05/day-{DIGEST}.parquet",
    f"source=ACTIV/function=tick_data/symbol=S000/date=2016-02-30/day-{DIGEST}.parquet",
    f"{DAY}/venue=XETRA/day-{DIGEST}.parquet",
    f"{DAY}/symbol=S000/day-{DIGEST}.parquet",
    f"backup/{DAY}/day-{DIGEST}.parquet",
    # In a folder with an entry's name.
    f"{DAY}/day-{DIGEST}.parquet/part-0.parquet",
    # Unfinished files of other programs.
    ".march.parquet.12-0123abcd.tmp",
    f"reports/.day-{DIGEST}.parquet.12-0123abcd.tmp",
    f"{DAY}/.march-{DIGEST}.parquet.12-0123abcd.tmp",
    f"{DAY}/.notes.tmp",
]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


@pytest.fixture
def place(server: FaultServer, tmp_path: Path) -> Iterator[Path]:
    """Return the folder of a cache with entries of three symbols among foreign files, which must all be left."""
    place = tmp_path / "cache"
    with cached_client(server, place) as client:
        ask(client, symbols(3)).to_arrow()
    for name in FOREIGN:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        # Larger than all entries together.
        (place / name).write_bytes(name.encode() * 1000)
        os.utime(place / name, (0, 0))
    yield place
    assert [name for name in FOREIGN if not (place / name).is_file()] == []
    assert all((place / name).read_bytes() == name.encode() * 1000 for name in FOREIGN)


def test_they_are_not_listed(place: Path) -> None:
    cache = tf.Cache(place)
    info = cache.info()
    names = cache.entries()["name"].tolist()
    assert (info.entries, info.functions) == (3, {"tick_data": 3})
    assert info.bytes == sum((place / name).stat().st_size for name in names)
    assert set(names).isdisjoint(FOREIGN)


def test_they_are_not_verified(place: Path) -> None:
    found = tf.Cache(place).verify()
    assert (found.entries, found.dropped) == (3, ())


def test_they_are_not_in_the_dataset(place: Path) -> None:
    """An entry that was moved elsewhere is foreign too."""
    entry = next(place.glob("*/*/symbol=S001/*/day-*.parquet"))
    (place / "backup" / entry.relative_to(place)).parent.mkdir(parents=True)
    shutil.move(entry, place / "backup" / entry.relative_to(place))
    assert tf.Cache(place).dataset().count_rows() == 10


@pytest.mark.parametrize("named", [{}, {"function": "tick_data"}, {"source": "ACTIV", "first_day": "2016-05-05"}])
def test_they_are_not_cleared(place: Path, named: dict[str, str]) -> None:
    cache = tf.Cache(place)
    assert cache.clear(**named) == 3
    assert cache.info().entries == 0


def test_they_are_neither_evicted_nor_counted_by_a_limit(server: FaultServer, place: Path) -> None:
    size = tf.Cache(place).info().bytes // 3
    with cached_client(server, tf.Cache(place, max_bytes=10 * size)) as client:
        ask(client, ["S100"]).to_arrow()
        client.cache.flush()
        assert client.cache.info().entries == 4
    with cached_client(server, tf.Cache(place, max_bytes=2 * size)) as client:
        ask(client, ["S101"]).to_arrow()
        client.cache.flush()
        assert client.cache.info().entries == 1


def test_a_refreshed_day_replaces_entries_only(server: FaultServer, place: Path) -> None:
    with cached_client(server, place) as client:
        ask(client, symbols(3)).to_arrow(cache="refresh")
        assert client.cache.info().entries == 3


def test_verify_deletes_what_an_interrupted_process_left_of_an_entry(place: Path) -> None:
    old, new = (place / DAY / f".day-{DIGEST}.parquet.{pid}-0123abcd.tmp" for pid in (12, 13))
    for unfinished in (old, new):
        unfinished.write_text("half")
    os.utime(old, (0, 0))
    tf.Cache(place).verify()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_folder_that_is_not_a_cache_is_refused(place: Path) -> None:
    (place / MARKER).unlink()
    for delete in (tf.Cache(place).clear, tf.Cache(place).verify):
        with pytest.raises(
            ValueError, match=r"is not a cache: it has no file \.tickframe-cache, and holds other files"
        ):
            delete()
    assert tf.Cache(place).info().entries == 3


def test_a_folder_of_entries_is_a_cache_without_a_mark(server: FaultServer, tmp_path: Path) -> None:
    """Version 0.1.0 marked none."""
    with cached_client(server, tmp_path) as client:
        ask(client, symbols(3)).to_arrow()
        client.cache.flush()
        (tmp_path / MARKER).unlink()
        assert client.cache.verify().entries == 3
        assert client.cache.clear(symbol="S000") == 1
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        client.cache.flush()
        assert (tmp_path / MARKER).is_file()


@pytest.fixture
def linked(server: FaultServer, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Return a cache, and a folder outside to which the entries of three symbols were moved, behind links.

    S000 is a link to a file, S001 to a folder, and S002 to a folder above it, which is also a loop.
    """
    place, outside = tmp_path / "cache", tmp_path / "outside"
    with cached_client(server, place) as client:
        ask(client, symbols(4)).to_arrow()
    tick_data = place / "source=ACTIV" / "function=tick_data"
    [file] = tick_data.glob("symbol=S000/*/*.parquet")
    outside.mkdir()
    for path in (file, tick_data / "symbol=S001" / "date=2016-05-05", tick_data / "symbol=S002"):
        shutil.move(path, outside / path.name)
        path.symlink_to(outside / path.name)
    (outside / "symbol=S002" / "date=2016-05-06").symlink_to(place)
    before = contents(outside)
    assert len(before) == 3
    yield place, outside
    assert contents(outside) == before
    assert sum(path.is_symlink() for path in place.rglob("*")) == 3


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_link_is_followed(server: FaultServer, linked: tuple[Path, Path]) -> None:
    """In reading, writing, listing, verifying, evicting and clearing."""
    place, _ = linked
    with cached_client(server, place) as client:
        query = ask(client, symbols(4))
        assert query.parts()["cached"].tolist() == [False, False, False, True]
        for mode in ("auto", "refresh"):
            assert query.to_arrow(cache=mode).num_rows == 20
            client.cache.flush()
        # A link is not a failure of the whole cache.
        assert ask(client, ["S100"]).to_arrow().num_rows == 5
        client.cache.flush()
        assert ask(client, ["S100"]).parts()["cached"].tolist() == [True]
        assert client.cache.info().entries == client.cache.verify().entries == 2
        assert client.cache.dataset().count_rows() == 10
    with cached_client(server, tf.Cache(place, max_bytes=4000)) as client:
        ask(client, ["S101"]).to_arrow()
        client.cache.flush()
        assert client.cache.info().entries == 1
        assert client.cache.clear() == 1


def test_the_root_of_a_cache_may_be_a_link(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").symlink_to("elsewhere")
    with cached_client(server, tmp_path / "cache") as client:
        ask(client).to_arrow()
        ask(client).to_arrow(cache="only")
        assert client.cache.clear() == 1

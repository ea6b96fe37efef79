"""Names of entries stay inside the cache and are distinct, whatever a user asks for."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.test_service import cached_client
from tests.faults.server import FaultServer
from tests.faults.ticks import ask, ticks_for
from tickframe.cache.key import Window, folder_name, key_from_name, key_of
from tickframe.catalogue import FUNCTIONS
from tickframe.plan.part import Part
from tickframe.settings import Settings

ODD_SYMBOLS = [
    "../../x",
    "CON",
    "a/b",
    "a\\b",
    "=DJX.W",
    "x" * 300,
    "x" * 299 + "y",
    "\U0001f600.XE",
    "ZAL.XE",
    "zal.xe",
    "Zal.XE",
    "ZAL.XE.",
    "~",
    "..",
    ".",
    "%2E%2E",
    "C:\\x",
    "a b",
    "nul\x00l",
    "a\nb",
    "*?",
]
SETTINGS = Settings()
DAYS: list[dict[str, object]] = [
    {},
    {"day": dt.date(2016, 5, 5)},
    {"day": pd.Timestamp("2016-05-05 09:00")},
    {"first_day": dt.date(2016, 5, 5), "last_day": dt.date(2016, 5, 9)},
]
WINDOWS = st.builds(
    Window, st.none() | st.integers(0, 2 * 86_400 * 10**9), st.none() | st.integers(0, 2 * 86_400 * 10**9)
)


def part(symbol: object, **parameters: object) -> Part:
    function = FUNCTIONS["tick_data"]
    given = {"source": "ACTIV", "symbol": symbol, "day": dt.date(2016, 5, 5), **parameters}
    return Part("tick_data", "tickData", tuple(given.items()), function.columns)


def test_odd_symbols_stay_inside_and_apart(tmp_path: Path) -> None:
    """Each is cached, found again, and alone in its folder, even if the file system ignores case."""
    place = tmp_path / "cache"
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, place) as client:
            for symbol in ODD_SYMBOLS:
                ask(client, [symbol]).to_arrow()
            client.cache.flush()
            for symbol in ODD_SYMBOLS:
                assert ask(client, [symbol]).to_arrow(cache="only")["symbol"].unique().to_pylist() == [symbol]
            assert client.cache.info().entries == len(ODD_SYMBOLS)
            shown = client.cache.entries()["symbol"].tolist()
            assert {symbol for symbol in ODD_SYMBOLS if len(symbol) < 100} <= set(shown)
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    files = [str(path.relative_to(place)) for path in place.rglob("*.parquet")]
    assert len({file.casefold() for file in files}) == len(ODD_SYMBOLS)
    assert len({file.casefold().rpartition("/")[0] for file in files}) == len(ODD_SYMBOLS)
    assert all(len(name) < 250 for file in files for name in file.split("/"))


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_of_folders_are_distinct_without_case(one: str, other: str) -> None:
    names = folder_name(one), folder_name(other)
    assert (names[0].casefold() == names[1].casefold()) == (one == other)
    for name in names:
        assert name.isascii()
        assert not set(name) & set('/\\:*?"<>|\x00 \n')
        assert name not in (".", "..")
        assert not name.endswith(".")


@given(st.text(min_size=1, max_size=9))
def test_the_name_of_a_folder_can_be_read_back(symbol: str) -> None:
    if symbol.isprintable():
        assert unquote(folder_name(symbol)) == symbol


@given(st.text(), st.text() | st.lists(st.text()).map(tuple), st.sampled_from(DAYS), WINDOWS, st.booleans())
def test_a_key_is_read_back_from_its_name(
    source: str, symbol: object, days: dict[str, object], window: Window, documented: bool
) -> None:
    asked = {"source": source, "symbol": symbol, **days}
    columns = FUNCTIONS["tick_data"].columns if documented else ()
    key = replace(key_of(Part("tick_data", "tickData", tuple(asked.items()), columns), SETTINGS), window=window)
    assert key_from_name(key.name) == key
    assert key_from_name(f"{key.name}.tmp") is None
    assert key_from_name(f"x/{key.name}") is None


@given(WINDOWS, WINDOWS)
def test_a_window_covers_what_lies_in_it(one: Window, other: Window) -> None:
    def ends(window: Window) -> tuple[float, float]:
        return (
            float("-inf") if window.first is None else window.first,
            float("inf") if window.last is None else window.last,
        )

    (first, last), (begin, end) = ends(one), ends(other)
    assert one.covers(other) == (first <= begin and end <= last)
    assert one.overlaps(other) == (first <= end and begin <= last)


def test_another_window_of_the_same_request_is_found_by_name() -> None:
    hour = pd.Timedelta(hours=1)
    day = key_of(part("A"), SETTINGS)
    morning = key_of(part("A", from_time=9 * hour, to_time=12 * hour), SETTINGS)
    early = key_of(part("A", from_time=9 * hour, to_time=10 * hour), SETTINGS)
    another = key_of(part("A", flags=("USE_MARKET_TS",)), SETTINGS)
    names = [key.name for key in (day, morning, early, another)]
    found = [key for key in map(key_from_name, names) if key is not None and early.differs_only_in_window(key)]
    assert found == [day, morning]
    assert str(early.window) == "090000-100000"


def test_the_digest_covers_the_order_of_flags_but_not_the_window() -> None:
    one, other = (key_of(part("A", flags=flags), SETTINGS) for flags in (("X", "Y"), ("Y", "X")))
    assert one.digest != other.digest
    window = key_of(part("A", flags=("X", "Y"), from_time=pd.Timedelta(hours=9)), SETTINGS)
    assert (window.digest, window.folder) == (one.digest, one.folder)


@pytest.mark.parametrize(
    ("symbols", "folder"),
    [
        ("A", "source=ACTIV/function=tick_data/symbol=A/date=2016-05-05"),
        (("A",), "source=ACTIV/function=tick_data/symbol=A/date=2016-05-05"),
        (("A", "B"), "source=ACTIV/function=tick_data/2-symbols/date=2016-05-05"),
    ],
)
def test_the_folder_names_source_function_symbol_and_day(symbols: object, folder: str) -> None:
    assert key_of(part(symbols), SETTINGS).folder == folder

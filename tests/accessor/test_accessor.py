"""``df.ticks`` itself: registration, documented examples, and errors for invalid frames."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pandas as pd
import pytest

import tickframe as tf
from tests.accessor.frames import BACKENDS
from tickframe.accessor import TickAccessor

METHODS = ["bars", "join_quotes", "mid", "plot", "spread", "vwap"]


def test_the_public_methods_are_known():
    """Each of them has an example, tested below."""
    assert sorted(name for name in vars(TickAccessor) if not name.startswith("_")) == METHODS


@pytest.mark.parametrize("method", [None, *METHODS])
def test_a_docstring_example_runs(method):
    """The example prints what the docstring shows."""
    documented = TickAccessor if method is None else getattr(TickAccessor, method)
    [example] = doctest.DocTestFinder(recurse=False).find(documented, globs={})
    assert example.examples
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example)
    assert result.failed == 0


def test_a_second_import_does_not_warn():
    """Reloading the package in a notebook keeps the accessor, without a warning of pandas."""
    importlib.reload(sys.modules["tickframe.accessor"])
    assert pd.DataFrame.ticks is tf.accessor.TickAccessor


def test_replacing_another_accessor_warns():
    """If another package has registered the name, pandas warns."""
    script = (
        "import pandas as pd, warnings\n"
        "pd.api.extensions.register_dataframe_accessor('ticks')(type('Other', (), {}))\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    import tickframe\n"
        "print(*[warning.message for warning in caught])"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "overriding a preexisting attribute with the same name" in process.stdout


def trades_and_quotes(client, **conversion):
    return client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES_AND_QUOTES").to_pandas(**conversion)


@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
@pytest.mark.parametrize("dtype_backend", BACKENDS)
def test_an_empty_frame_gives_the_same_dtypes(client, dtype_backend, tz):
    """Results without rows have the columns and dtypes of results with rows."""
    frame = trades_and_quotes(client, dtype_backend=dtype_backend, tz=tz)
    trades, quotes = frame[["symbol", "trade", "trade_size"]], frame.drop(columns=["trade", "trade_size"])
    empty = frame.iloc[:0]
    for how in ({"frequency": "1min"}, {"volume": 1_000}, {"dollar": 1_000_000}):
        pd.testing.assert_frame_equal(empty.ticks.bars(**how), frame.ticks.bars(**how).iloc[:0], check_freq=False)
    for method in ("vwap", "spread", "mid"):
        of_empty, of_all = (getattr(ticks.ticks, method)() for ticks in (empty, frame))
        pd.testing.assert_series_equal(of_empty, of_all.iloc[:0])
    pd.testing.assert_frame_equal(trades.iloc[:0].ticks.join_quotes(quotes), trades.ticks.join_quotes(quotes).iloc[:0])
    assert trades.ticks.join_quotes(quotes.iloc[:0])[["bid", "ask_size"]].isna().all(axis=None)


@pytest.mark.parametrize("dtype_backend", BACKENDS)
def test_null_prices_and_sizes(client, dtype_backend):
    """A trade without a price is in no bar; a trade without a size has no volume."""
    frame = trades_and_quotes(client, dtype_backend=dtype_backend).iloc[:50]
    priceless, sizeless = frame.copy(), frame.copy()
    priceless["trade"] = frame["trade"].where(frame["trade"] < 0)
    sizeless["trade_size"] = frame["trade_size"].where(frame["trade_size"] < 0)
    assert priceless.ticks.bars("1min").empty
    assert priceless.ticks.vwap().isna().tolist() == sizeless.ticks.vwap().isna().tolist() == [True]
    bars = sizeless.ticks.bars("1min")
    assert (bars["trade_count"].sum(), bars["volume"].sum()) == (50, 0)
    assert len(sizeless.ticks.bars(volume=1)) == 1


def test_unused_categories_have_no_result(client):
    """A category without rows is omitted; a symbol without priced trades has a null average and no bars."""
    frame = client.tick_data("ACTIV", ["ZAL.XE", "ADS.XE"], "2016-05-05", data_type="TRADES").to_pandas()
    assert list(frame[frame["symbol"] == "ADS.XE"].ticks.vwap().index) == ["ADS.XE"]
    frame.loc[frame["symbol"] == "ZAL.XE", "trade"] = None
    assert frame.ticks.vwap().isna().to_dict() == {"ZAL.XE": True, "ADS.XE": False}
    assert frame.ticks.bars("1min")["symbol"].unique().tolist() == ["ADS.XE"]


def test_results_keep_the_attrs(client):
    """The attrs of the frame, such as the number of failed parts, are copied to each result."""
    frame = trades_and_quotes(client)
    frame.attrs["failed_parts"] = 2
    for result in (frame.ticks.bars("1min"), frame.ticks.vwap(), frame.ticks.spread(), frame.ticks.mid()):
        assert result.attrs == {"failed_parts": 2}


def tick(**changes):
    columns = {"symbol": ["ZAL.XE"], "trade": [48.5], "trade_size": [100], **changes}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(["2016-05-05 09:00"]))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (tick().drop(columns="trade"), "no column 'trade' among .*: load data_type='TRADES'"),
        (tick().drop(columns="trade_size"), "no column 'trade_size'"),
        (tick().drop(columns="symbol"), "no column 'symbol'.*assign"),
        (tick(symbol=[None]), "1 of 1 rows have no symbol"),
        (tick(trade_size=[-5]), "1 of 1 rows have a negative trade_size"),
        (tick(trade_size=[0.5]), "sizes that are not integers"),
        (tick().reset_index(drop=True), "no timestamps: expected a DatetimeIndex"),
        (tick().set_axis(pd.DatetimeIndex([None])), "1 of 1 rows have no timestamp"),
    ],
)
def test_invalid_frames_raise(frame, message):
    for compute in (lambda: frame.ticks.bars("1min"), lambda: frame.ticks.bars(volume=5), frame.ticks.vwap):
        with pytest.raises(ValueError, match=message):
            compute()


@pytest.mark.parametrize("method", ["spread", "mid"])
def test_a_frame_without_quotes_raises(method):
    with pytest.raises(ValueError, match=r"no column 'bid'.*join_quotes"):
        getattr(tick().ticks, method)()

"""What a notebook shows of queries and outcomes, and what their reprs say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import tickframe as tf
from tests.faults.server import FaultServer, refusal
from tests.faults.ticks import SECRET, symbol_of, symbols, ticks_for
from tickframe.run.outcomes import Outcomes

EVIL = "<script>alert('1')</script>&"


class Page(HTMLParser):
    """The tags of a page, and the text of each cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in_cell = tag in {"td", "th"}
        if self._in_cell:
            self.cells.append("")
        assert {name for name, _ in attrs} <= {"style"}

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data


@pytest.fixture
def query() -> tf.Query:
    """Return a query that leads nowhere: nothing answers there."""
    client = tf.Client("https://service.invalid", token=SECRET)
    return client.tick_data("ACTIV", ["ZAL.XE", EVIL], ("2016-05-02", "2016-05-31"), data_type="TRADES")


def test_a_query_is_shown_without_asking(query: tf.Query) -> None:
    """Its parameters, each value once and of many the first and the last, and how many requests they are."""
    html = query._repr_html_()
    cells = Page(html).cells
    assert cells[cells.index("day") + 1] == "2016-05-02, 2016-05-03, 2016-05-04, …, 2016-05-31 (30)"
    assert "tick_data, 60 requests" in html
    assert "not loaded yet" in html
    assert len(query.outcomes) == 0


def test_nothing_from_outside_becomes_markup(query: tf.Query) -> None:
    """A symbol and the service's words are text, wherever they are shown."""
    with FaultServer() as server, tf.Client(server.url, token=SECRET) as client:
        server.serve(lambda _request: refusal(403, EVIL))
        asked = client.tick_data("ACTIV", [EVIL, "S001"], "2016-05-05", data_type="TRADES")
        with pytest.warns(tf.TickframeWarning):
            asked.to_arrow(on_error="collect")
    for html in (query._repr_html_(), asked._repr_html_(), asked.outcomes._repr_html_()):
        page = Page(html)
        assert set(page.tags) <= {"div", "table", "thead", "tbody", "tr", "td", "th"}
        assert any(EVIL in cell for cell in page.cells)
    assert EVIL in page.cells[-1]


def test_outcomes_are_a_table_of_some_rows_failures_first() -> None:
    """What differs between the parts is in columns; what is left out is counted."""
    with FaultServer() as server, tf.Client(server.url, token=SECRET) as client:
        server.serve(lambda request: refusal(403) if symbol_of(request) == "S049" else ticks_for(request))
        asked = client.tick_data("ACTIV", symbols(50), "2016-05-05", data_type="TRADES")
        with pytest.warns(tf.TickframeWarning):
            asked.to_arrow(on_error="collect")
    html = asked.outcomes._repr_html_()
    cells = Page(html).cells
    assert cells[:7] == ["symbol", "rows", "MB", "seconds", "attempts", "origin", "message"]
    assert cells[7] == "S049"
    assert cells[13].startswith("failed: HTTP 403")
    assert cells[14:16] == ["S000", "5"]
    assert html.count("<tr>") == 21
    assert "and 30 more" in html
    assert "50 parts, 245 rows, 0 empty, 1 failed" in html


def test_nothing_has_a_colour_of_its_own(query: tf.Query) -> None:
    """In a dark notebook the text is as light as the notebook makes it."""
    assert not re.search(r"color|background|#[0-9a-f]{3}", query._repr_html_())


def test_outcomes_of_no_run_are_shown_too() -> None:
    assert "0 parts" in Outcomes()._repr_html_()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": SECRET}, "with a token"),
        ({"user": "ada", "password": SECRET}, "with user 'ada'"),
        ({}, "without an account"),
    ],
)
def test_the_repr_of_a_client_says_where_it_leads_and_as_whom(settings: dict[str, str], words: str) -> None:
    """Without asking and without a secret."""
    assert repr(tf.Client("https://service.invalid", **settings)) == f"<Client of https://service.invalid {words}>"


def test_the_repr_of_a_query_stays_a_line(query: tf.Query) -> None:
    """However many symbols travel in one request."""
    client = tf.Client("https://service.invalid", token=SECRET)
    snapshot = client.tick_snapshot("ACTIV", symbols(500), "2016-05-05", data_type="TRADES", time="10:00")
    assert "symbols=S000,S001,S002,…,S499 (500)" in repr(snapshot)
    assert repr(query).endswith(" and 59 more>")


def test_a_notebook_shows_a_bar_and_a_table(tmp_path, monkeypatch) -> None:
    """The bar counts to the end and says nothing else, with widgets and without; the query is a table."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    code = """
import tickframe as tf
with tf.Client.sandbox(progress=True) as client:
    query = client.tick_data("ACTIV", "ZAL.XE", ("2016-05-02", "2016-05-04"), data_type="TRADES")
    query.to_arrow()
query
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook).execute()
    outputs = notebook.cells[0].outputs
    assert "<table" in outputs[-1].data["text/html"]
    bar = "".join(output.get("text", "") or output.data["text/plain"] for output in outputs[:-1])
    assert re.search(r"3/3 .* rows, [\d.]+ MB", bar)
    assert "Warning" not in bar

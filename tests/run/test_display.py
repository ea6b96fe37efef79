"""HTML tables of queries and outcomes, and the reprs of clients and queries."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

import tickframe as tf
from tests.faults.server import FaultServer, refusal
from tests.faults.ticks import SECRET, symbol_of, symbols, ticks_for
from tickframe.run.outcomes import Outcomes

MARKUP = "<script>alert('1')</script>&"


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
    """Return a query of a service that does not exist."""
    client = tf.Client("https://service.invalid", token=SECRET)
    return client.tick_data("ACTIV", ["ZAL.XE", MARKUP], ("2016-05-02", "2016-05-31"), data_type="TRADES")


def test_a_query_is_shown_without_a_request(query: tf.Query) -> None:
    """The table has the distinct values of each parameter, shortened, and the number of requests."""
    html = query._repr_html_()
    cells = Page(html).cells
    assert cells[cells.index("day") + 1] == "2016-05-02, 2016-05-03, 2016-05-04, …, 2016-05-31 (30)"
    assert "tick_data, 60 requests" in html
    assert "not loaded yet" in html
    assert len(query.outcomes) == 0


def test_values_do_not_become_markup(query: tf.Query) -> None:
    """Symbols and messages of the service are shown as text."""
    with FaultServer() as server, tf.Client(server.url, token=SECRET) as client:
        server.serve(lambda _request: refusal(403, MARKUP))
        failed = client.tick_data("ACTIV", [MARKUP, "S001"], "2016-05-05", data_type="TRADES")
        with pytest.warns(tf.TickframeWarning):
            failed.to_arrow(on_error="collect")
    for html in (query._repr_html_(), failed._repr_html_(), failed.outcomes._repr_html_()):
        page = Page(html)
        assert set(page.tags) <= {"div", "table", "thead", "tbody", "tr", "td", "th"}
        assert any(MARKUP in cell for cell in page.cells)
    assert MARKUP in page.cells[-1]


def test_outcomes_are_a_table_with_failures_first() -> None:
    """Parameters that differ between the parts are columns; omitted rows are counted."""
    with FaultServer() as server, tf.Client(server.url, token=SECRET) as client:
        server.serve(lambda request: refusal(403) if symbol_of(request) == "S049" else ticks_for(request))
        failed = client.tick_data("ACTIV", symbols(50), "2016-05-05", data_type="TRADES")
        with pytest.warns(tf.TickframeWarning):
            failed.to_arrow(on_error="collect")
    html = failed.outcomes._repr_html_()
    cells = Page(html).cells
    assert cells[:7] == ["symbol", "rows", "MB", "seconds", "attempts", "origin", "message"]
    assert cells[7] == "S049"
    assert cells[13].startswith("failed: HTTP 403")
    assert cells[14:16] == ["S000", "5"]
    assert html.count("<tr>") == 21
    assert "and 30 more" in html
    assert "50 parts, 245 rows, 0 empty, 1 failed" in html


def test_tables_do_not_set_colours(query: tf.Query) -> None:
    """They are readable in dark notebooks."""
    assert not re.search(r"color|background|#[0-9a-f]{3}", query._repr_html_())


def test_outcomes_are_shown_before_a_run() -> None:
    assert "0 parts" in Outcomes()._repr_html_()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"token": SECRET}, "with a token"),
        ({"user": "ada", "password": SECRET}, "with user 'ada'"),
        ({}, "without an account"),
    ],
)
def test_the_repr_of_a_client_has_its_url_and_account(settings: dict[str, str], expected: str) -> None:
    """It sends nothing and contains no secret."""
    assert repr(tf.Client("https://service.invalid", **settings)) == f"<Client of https://service.invalid {expected}>"


def test_the_repr_of_a_query_is_one_line(query: tf.Query) -> None:
    """Also with many symbols in one request."""
    client = tf.Client("https://service.invalid", token=SECRET)
    snapshot = client.tick_snapshot("ACTIV", symbols(500), "2016-05-05", data_type="TRADES", time="10:00")
    assert "symbols=S000,S001,S002,…,S499 (500)" in repr(snapshot)
    assert repr(query).endswith(" and 59 more>")


def test_a_notebook_shows_a_bar_and_a_table(tmp_path, monkeypatch) -> None:
    """The bar reaches the end without warnings, with and without widgets; the query is a table."""
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

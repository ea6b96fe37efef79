"""README and docs: examples print what the pages show, and tables are complete."""

from __future__ import annotations

import inspect
import re
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import tickframe as tf
import tickframe.dask
from tests.documented_examples import DOCS, PAGES, REPOSITORY, blocks, commands, run
from tickframe import compat, decode, errors, sandbox
from tickframe.catalogue import FUNCTIONS

# How many blocks no test can run, by page: they need an account or another machine.
NOT_RUN = {
    "docs/accounts_and_settings.md": 2,
    "docs/first_contact.md": 1,
    "docs/proxies_and_certificates.md": 1,
    "docs/run_your_own_service.md": 1,
}

# The rows of README's table of speed, and the rows of the results with the same ratios.
FIGURES = {
    "to Arrow, against a copy of the bytes": r"^\| bytes to Arrow, [^|]*to a copy of the bytes \|[^|]+\| ([\d.]+)x",
    "to Arrow, against ptars (Rust)": r"^\| bytes to Arrow, faster than ptars \|[^|]+\| ([\d.]+)x",
    "to Arrow, against NumPy views by hand": r"^\| bytes to Arrow, faster than NumPy views by hand \|[^|]+\| ([\d.]+)x",
    "to a DataFrame, against lists by hand": r"^\| lists by hand to DataFrame \|[^|]+\|[^|]+\| ([\d.]+)x",
    "over HTTP to a DataFrame, against requests and lists by hand": (
        r"^\| requests, protobuf, lists by hand, to DataFrame \|[^|]+\|[^|]+\| ([\d.]+)x"
    ),
    "200 parts with 50 ms of delay each, 8 at a time against one after another": (
        r"^\| 200 parts, 8 workers [^|]+\| ([\d.]+)x"
    ),
    "the same day again, out of the cache, against asking the sandbox on loopback": (
        r"^\| the same, [^|]*to loading it from the sandbox \| ([\d.]+)x"
    ),
    "peak memory, to the response and the Arrow table": (
        r"^\| peak memory, [^|]*to response and Arrow table \|[^|]+\| ([\d.]+)x"
    ),
    "a small answer (100 rows) to a DataFrame, against lists by hand": (
        r"^\| lists by hand to DataFrame \|[^|]+\| (0[\d.]+)x"
    ),
}

COMMANDS = [command for page in PAGES.values() for block in blocks(page) for command, _ in commands(block)]


@pytest.fixture
def account(client: tf.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the account in the environment, and change to an empty folder."""
    settings = client.settings
    monkeypatch.setenv("TICKFRAME_URL", settings.base_url)
    monkeypatch.setenv("TICKFRAME_USER", settings.user)
    monkeypatch.setenv("TICKFRAME_PASSWORD", settings.password)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", settings.client_secret)
    for name in ("user_id", "user_password"):
        # Undoes what a page sets.
        monkeypatch.setattr(compat.ApiSettings, name, getattr(compat.ApiSettings, name))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def names() -> Iterator[dict[str, object]]:
    """Return the namespace of a page, and close the clients that the page leaves open."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    yield namespace
    for value in namespace.values():
        if isinstance(value, tf.Client):
            value.close()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("account")
def test_examples_print_what_the_page_shows(page: str, names: dict[str, object]) -> None:
    with warnings.catch_warnings():
        # Pages show the service's warnings, too.
        warnings.simplefilter("ignore", tf.TickframeWarning)
        run(PAGES[page], names)


def test_blocks_that_are_not_run_are_counted() -> None:
    counted = Counter(name for name, page in PAGES.items() for block in blocks(page) if block.why_not_run is not None)
    assert counted == NOT_RUN


def test_every_make_target_on_a_page_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = {word for text in _texts() for word in re.findall(r"`make ([a-z-]+)", text)}
    named |= {command.split()[1] for command in COMMANDS if command.startswith("make ")}
    assert named - targets == set()


def test_every_extra_on_a_page_exists() -> None:
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {
        extra
        for text in _texts()
        for each in re.findall(r"'(?:tickframe|\.)\[([\w,]+)\]", text)
        for extra in each.split(",")
    }
    assert named - set(extras) == set()


@pytest.mark.parametrize("page", ["README.md", "docs/find_a_symbol.md"])
def test_every_documented_function_is_in_the_table_of_functions(page: str) -> None:
    rows = re.findall(r"^\| ((?:\[?`\w+`[^|]*?)+) \|", PAGES[page].read_text(), re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert named >= {*FUNCTIONS, "get"}
    assert all(callable(getattr(tf.Client, name)) for name in named & {*FUNCTIONS, "get"})


def test_the_table_of_errors_is_complete() -> None:
    """Each error has a row, and each row is an error."""
    section = PAGES["docs/errors.md"].read_text().split("## All of them")[1].split("\n## ")[0]
    table = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(table) == sorted(kind.__name__ for kind in _tree(errors.TickframeError))


def test_the_table_of_settings_is_complete() -> None:
    variables = {
        name
        for path in (REPOSITORY / "src").rglob("*.py")
        for name in re.findall(r"TICKFRAME_[A-Z_]+", path.read_text())
    }
    page = PAGES["docs/accounts_and_settings.md"].read_text()
    assert {name for name in variables if name not in page} == set()


def test_the_reference_contains_the_public_api() -> None:
    directives = {
        name
        for page in (DOCS / "api").glob("*.md")
        for name in re.findall(r"^::: ([\w.]+)", page.read_text(), re.MULTILINE)
    }
    named = {name: getattr(tf, name) for name in tf.__all__ if name not in errors.__all__}
    modules = [decode, sandbox, compat, tickframe.dask, *filter(inspect.ismodule, named.values())]
    public = {f"tickframe.{name}" for name, value in named.items() if not inspect.ismodule(value)}
    public |= {f"tickframe.Client.{name}" for name in dir(tf.Client) if not name.startswith("_")}
    for module in modules:
        # A module can be documented as a whole.
        if module.__name__ not in directives:
            public |= {f"{module.__name__}.{name}" for name in module.__all__}
    assert public - directives == set()


@pytest.mark.parametrize(("row", "pattern"), FIGURES.items())
def test_the_readme_matches_the_benchmarks(row: str, pattern: str) -> None:
    """README rounds, and runs differ: its figures are updated when new results are far off."""
    claim = re.search(rf"^\| {re.escape(row)} \| ([\d.]+) times", PAGES["README.md"].read_text(), re.MULTILINE)
    result = re.search(pattern, (REPOSITORY / "benchmarks" / "results.md").read_text(), re.MULTILINE)
    assert claim is not None
    assert result is not None
    ratio = float(result[1])
    # README shows the ratio or its inverse, whichever is above 1.
    assert 0.8 < max(ratio, 1 / ratio) / float(claim[1]) < 1.25


def test_links_of_the_readme_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGES["README.md"].read_text())
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def _texts() -> list[str]:
    return [page.read_text() for page in PAGES.values()]


def _tree(kind: type[errors.TickframeError]) -> Iterator[type[errors.TickframeError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("tickframe."):
            yield from _tree(child)

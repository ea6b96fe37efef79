from __future__ import annotations

from collections.abc import Iterator

import pytest

import tickframe as tf
from tests.readers.worst import SAFE_SYMBOLS, SYMBOLS, write_market
from tickframe.sandbox import Sandbox


@pytest.fixture(scope="session")
def worst_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("worst")
    write_market(folder)
    with Sandbox(str(folder)) as service:
        yield service


@pytest.fixture(scope="session")
def worst_client(worst_service: Sandbox) -> Iterator[tf.Client]:
    with tf.Client(**worst_service.account) as client:
        yield client


@pytest.fixture(scope="session")
def worst(worst_client: tf.Client) -> tf.Query:
    """Return the query for all symbols."""
    return worst_client.tick_data("LOCAL", SYMBOLS, ("2016-05-02", "2016-05-03"), data_type="TRADES")


@pytest.fixture(scope="session")
def safe(worst_client: tf.Client) -> tf.Query:
    """Return the query for those symbols that can be directories."""
    return worst_client.tick_data("LOCAL", SAFE_SYMBOLS, ("2016-05-02", "2016-05-03"), data_type="TRADES")

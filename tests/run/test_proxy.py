"""A sandbox behind a proxy that breaks a third of its responses."""

from __future__ import annotations

import pytest

import tickframe as tf
from tests.faults.proxy import FaultyProxy
from tickframe.sandbox import Sandbox


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("seed", range(4))
def test_rows_loaded_through_faults_equal_those_without(sandbox: Sandbox, seed: int) -> None:
    with FaultyProxy(sandbox.url, 0.33, seed) as proxy, tf.Client(**sandbox.account) as direct:
        with tf.Client(**{**sandbox.account, "base_url": proxy.url}, read_timeout=1) as client:
            faulty, complete = (
                each.tick_data(
                    "ACTIV",
                    ["ZAL.XE", "ADS.XE"],
                    ("2016-05-02", "2016-05-06"),
                    data_type="TRADES_AND_QUOTES",
                    to_time="09:10",
                )
                for each in (client, direct)
            )
            assert faulty.to_arrow().equals(complete.to_arrow())
            assert sum(outcome.attempts for outcome in faulty.outcomes) > len(faulty.outcomes)
        proxy.wait_until_disconnected()

"""One large answer over HTTP, from a sandbox in a process of its own that keeps it encoded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import requests

import tickframe as tf
from benchmarks.by_hand import lists_to_dataframe
from benchmarks.market import DAY, SYMBOL, write_market
from benchmarks.measure import Timing, in_turns
from benchmarks.service_process import Account, served
from tickframe.catalogue import FUNCTIONS
from tickframe.plan.arguments import check_arguments
from tickframe.plan.part import split
from tickframe.wire.frames import write_frame

__all__ = ["BODY", "BY_HAND", "OURS", "time_over_http"]

OURS = "tickframe, to DataFrame"
BY_HAND = "requests, protobuf, lists by hand, to DataFrame"
BODY = "`requests.post(...).content` alone"

_DELAY = 0.05
# What the sandbox takes to build the answer would be in every way's time.
_KEPT_BYTES = 512 * 1024 * 1024


def time_over_http(rows: int, rounds: int) -> dict[str, Timing]:
    """Serve a day of trades with quotes, and time ways of asking for it."""
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), rows)
        with served(_DELAY, folder, kept_bytes=_KEPT_BYTES) as account, account.client() as client:
            query = client.tick_data("LOCAL", SYMBOL, DAY, data_type="TRADES_AND_QUOTES")
            token = _access_token(account)
            received = len(query.to_pandas())
            if received != rows:
                raise ValueError(f"the sandbox answered {received:,} rows of {rows:,}")
            return in_turns(
                {
                    OURS: query.to_pandas,
                    BY_HAND: lambda: lists_to_dataframe(_framed_answer(account, token)),
                    BODY: lambda: _framed_answer(account, token),
                },
                rounds,
            )


def _framed_answer(account: Account, token: str) -> bytes:
    """Ask for the big day with requests alone, and return the answer's bytes."""
    asked = {"source": "LOCAL", "symbol": SYMBOL, "day": DAY, "data_type": tf.TickDataType.TRADES_AND_QUOTES}
    function = FUNCTIONS["tick_data"]
    [part] = split(function, check_arguments(function, asked))
    body = write_frame(part.to_message("", {}).SerializeToString())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    answer = requests.post(f"{account.base_url}/get/tickData", data=body, headers=headers, timeout=300)
    answer.raise_for_status()
    return answer.content


def _access_token(account: Account) -> str:
    """Get a token with requests alone."""
    granted = requests.post(
        f"{account.base_url}/auth/oauth/token",
        auth=("xyt", account.client_secret),
        data={"grant_type": "password", "username": account.user, "password": account.password},
        timeout=30,
    )
    return str(granted.json()["access_token"])

"""Messages of the service in notebooks, warnings and logs: without control characters and without HTML."""

from __future__ import annotations

import json
import logging

import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.errors import TickframeError, TickframeWarning
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

MESSAGE = "<script>alert(1)</script>\x1b[2J\x9b31m\u202e\r\nnext"
STEERING = ("\x1b", "\x9b", "\u202e", "\r")


def query(server: ScriptedServer, *symbols: str) -> tf.Query:
    return tf.Client(server.url, token="t").tick_data("ACTIV", list(symbols), "2016-05-05", data_type="TRADES")


def with_a_warning() -> Reply:
    response = DataResponse()
    response.header.warning_message = MESSAGE
    return Reply(write_frame(response.SerializeToString()))


def test_a_warning_has_no_control_characters(scripted: ScriptedServer) -> None:
    scripted.reply(with_a_warning())
    with pytest.warns(TickframeWarning) as warned:
        query(scripted, "A").to_arrow()
    assert str(warned[0].message) == r"<script>alert(1)</script>\x1b[2J\x9b31m\x202e next"


def test_a_table_in_a_notebook_has_neither_markup_nor_control_characters(scripted: ScriptedServer) -> None:
    scripted.reply(with_a_warning())
    asked = query(scripted, "A<i>", "B\x1b")
    with pytest.warns(TickframeWarning):
        asked.to_arrow()
    for shown in (asked._repr_html_(), asked.outcomes._repr_html_()):
        assert "alert(1)" in shown
        assert "<script" not in shown
        assert "<i>" not in shown
        assert not any(each in shown for each in STEERING)


@pytest.mark.usefixtures("waits")
def test_the_log_has_no_control_characters(scripted: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    failed = Reply(json.dumps({"message": MESSAGE}).encode(), 503, "application/json")
    scripted.reply(failed, with_a_warning())
    with caplog.at_level(logging.INFO, logger="tickframe"), pytest.warns(TickframeWarning):
        query(scripted, "A").to_arrow()
    assert "alert(1)" in caplog.text
    assert not any(each in caplog.text for each in STEERING)


def test_an_error_is_one_line_without_control_characters() -> None:
    error = TickframeError("a\x1b[2J\nb", part="c\x9b")
    assert str(error) == r"a\x1b[2J b [c\x9b]"
    assert error.message == "a\x1b[2J\nb"

"""Fixtures for the tests of one request."""

from tests.faults.fixtures import client, leaves_nothing, server

__all__ = ["client", "leaves_nothing", "server"]

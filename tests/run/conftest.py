"""Fixtures for the tests of many requests."""

from tests.faults.fixtures import client, leaves_nothing, server

__all__ = ["client", "leaves_nothing", "server"]

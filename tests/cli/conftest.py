import pytest

from tickframe.sandbox import Sandbox


@pytest.fixture(scope="session")
def service():
    """Run one sandbox for all tests."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def account(service, monkeypatch):
    """Set the environment variables that connect to the sandbox."""
    for name in ("TICKFRAME_TOKEN", "TICKFRAME_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TICKFRAME_URL", service.url)
    monkeypatch.setenv("TICKFRAME_USER", service.user)
    monkeypatch.setenv("TICKFRAME_PASSWORD", service.password)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", service.client_secret)
    return service

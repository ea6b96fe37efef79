"""An S3 object store in a process of its own, on loopback."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import pytest
from pyarrow import fs

_DEADLINE = 60.0
_REGION = "eu-central-1"


class ObjectStore:
    """moto's server. It is a separate process because it would deadlock with pyarrow's threads in this one.

    Attributes
    ----------
    environment : dict of str to str
        The credentials, which are in the environment of this process while the store runs.
    """

    def __init__(self) -> None:
        self.environment = {
            "AWS_ACCESS_KEY_ID": "moto-access-key",
            "AWS_SECRET_ACCESS_KEY": "moto-secret-key",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **self.environment}
        )
        self._wait_until_ready()
        self._patch = pytest.MonkeyPatch()
        for name, value in self.environment.items():
            self._patch.setenv(name, value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._patch.undo()
        self._process.terminate()
        self._process.wait()

    def uri(self, name: str) -> str:
        """Return the URI of a folder in a new bucket, for ``pyarrow.fs``."""
        bucket = f"{name}-{next(self._numbers)}"
        self.filesystem().create_dir(bucket)
        options = urlencode(self._options())
        return f"s3://{bucket}/{quote(name)}?{options}"

    def filesystem(self) -> fs.S3FileSystem:
        """Return the store as a file system, with its buckets as folders."""
        return fs.S3FileSystem(**self._options(), allow_bucket_creation=True, allow_bucket_deletion=True)

    def files(self, uri: str) -> dict[str, bytes]:
        """Return the contents of the files below a URI, by their relative names."""
        filesystem, root = fs.FileSystem.from_uri(uri)
        infos = filesystem.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        return {
            info.path.removeprefix(f"{root}/"): filesystem.open_input_file(info.path).read()
            for info in infos
            if info.is_file
        }

    def _options(self) -> dict[str, str]:
        return {"region": _REGION, "scheme": "http", "endpoint_override": f"127.0.0.1:{self._port}"}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _DEADLINE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/moto-api/", timeout=5).close()
            except OSError:
                assert self._process.poll() is None, "moto's server exited"
                assert time.monotonic() < deadline, "moto's server is not ready"
                time.sleep(0.05)
            else:
                return

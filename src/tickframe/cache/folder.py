"""The folder of a cache: the file that marks it, and no symbolic link below it is followed."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import fs

from tickframe.location import Location

#: Marks a folder as a cache. Readers of datasets ignore names that begin with a dot.
MARKER = ".tickframe-cache"
#: The folder of what processes on one machine share beside the entries.
SHARED_STATE = ".locks"
# In the year 2261, after which neither pyarrow nor pandas has nanoseconds.
_LAST_NS = 9_200_000_000 * 10**9
# Seconds for a connection to an object store and for the next bytes from it; attempts at each of its operations.
CONNECT_TIMEOUT = 3.0
REQUEST_TIMEOUT = 3.0
_ATTEMPTS = 2
_MARKER_TEXT = (
    b"This folder is a cache of tickframe. `tickframe cache clear` deletes its entries and nothing else; in a folder "
    b"that lacks this file it does so only if it finds nothing else.\n"
)


class SymbolicLinkError(OSError):
    """A file of the cache would be behind a symbolic link."""


class CacheFolder(Location):
    """The folder of a cache.

    Its root may be a symbolic link, since a user has named it. What is behind a link below the root is not of the
    cache: it is not read, listed or deleted, and nothing is written there.
    """

    def __init__(self, location: str | os.PathLike[str], filesystem: fs.FileSystem | None = None) -> None:
        super().__init__(location, filesystem)
        if filesystem is None and isinstance(self.filesystem, fs.S3FileSystem):
            self.filesystem = _with_timeouts(self.filesystem)
        self._local_root = _local_root(self.filesystem, self.root)
        self._is_marked = False

    def read(self, name: str) -> pa.Buffer:
        """As :meth:`Location.read`; a file behind a link is not found."""
        self._check_found(name)
        return super().read(name)

    def open(self, name: str) -> pa.NativeFile:
        """As :meth:`Location.open`; a file behind a link is not found."""
        self._check_found(name)
        return super().open(name)

    def create_parents(self, name: str) -> None:
        """As :meth:`Location.create_parents`.

        Raises
        ------
        SymbolicLinkError
            If they are behind a link.
        """
        self._check_writable(name)
        super().create_parents(name)

    def write(self, name: str, *pieces: pa.Buffer | bytes, durable: bool = False) -> None:
        """As :meth:`Location.write`; raises the errors of :meth:`create_parents`."""
        self._check_writable(name)
        super().write(name, *pieces, durable=durable)

    def delete(self, name: str) -> None:
        """Delete a file if it exists and is not behind a link."""
        if not self._has_link(name):
            super().delete(name)

    def delete_empty_parents(self, name: str) -> None:
        """As :meth:`Location.delete_empty_parents`, unless they are behind a link."""
        if not self._has_link(name):
            super().delete_empty_parents(name)

    def files(self, under: str = "", *, recursive: bool = True) -> Iterator[tuple[str, fs.FileInfo]]:
        """As :meth:`Location.files`, without links and what is behind them."""
        if self._local_root is None:
            yield from super().files(under, recursive=recursive)
        elif not self._has_link(under):
            for name, found in _files(self._local_root, under, recursive=recursive):
                yield (
                    name,
                    fs.FileInfo(
                        self.path(name),
                        fs.FileType.File,
                        size=found.st_size,
                        mtime_ns=max(-_LAST_NS, min(found.st_mtime_ns, _LAST_NS)),
                    ),
                )

    def mark(self) -> None:
        """Mark the folder as a cache.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        if not self._is_marked:
            if not self.is_marked():
                self.write(MARKER, _MARKER_TEXT)
            self._is_marked = True

    def is_marked(self) -> bool:
        """Return whether the folder is marked as a cache.

        Raises
        ------
        OSError
            If the filesystem fails.
        """
        try:
            self.open(MARKER).close()
        except FileNotFoundError:
            return False
        return True

    @property
    def shared_state(self) -> Path | None:
        """The folder of what processes on this machine share beside the entries; None if the location is not on it."""
        if not self.is_local or self._has_link(SHARED_STATE):
            return None
        return Path(self.path(SHARED_STATE))

    def responds(self) -> bool:
        """Return whether the location can be reached, whatever is wrong with one of its files."""
        try:
            if self._local_root is not None:
                return _is_accessible(Path(self._local_root))
            self.filesystem.get_file_info(self.root)
        except Exception:  # noqa: BLE001, a custom file system may raise anything
            return False
        return True

    def _check_found(self, name: str) -> None:
        if self._has_link(name):
            raise FileNotFoundError(f"{name} is behind a symbolic link")

    def _check_writable(self, name: str) -> None:
        # A link in the place of the file would be replaced and not followed, but it is not of the cache.
        if self._has_link(name):
            raise SymbolicLinkError(f"{name} is behind a symbolic link")

    def _has_link(self, name: str) -> bool:
        """Return whether a file, or a folder between it and the root, is a symbolic link."""
        if self._local_root is None:
            return False
        path = Path(self._local_root, name)
        parents = path.parents[: len(Path(name).parts) - 1]
        return any(each.is_symlink() for each in (path, *parents) if name)


def _is_accessible(folder: Path) -> bool:
    """Return whether a folder can be read if it exists, and is one."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(found.st_mode) and os.access(folder, os.R_OK | os.X_OK)


def _with_timeouts(filesystem: fs.S3FileSystem) -> fs.S3FileSystem:
    """Return an object store that gives up soon: the service can still answer. A URI cannot say so."""
    rebuild, (options,) = filesystem.__reduce__()
    timeouts = {"connect_timeout": CONNECT_TIMEOUT, "request_timeout": REQUEST_TIMEOUT}
    return rebuild({**options, **timeouts, "retry_strategy": fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS)})


def _local_root(filesystem: fs.FileSystem, root: str) -> str | None:
    """Return a folder in a filesystem as a path of this machine; None if it is not on it."""
    while isinstance(filesystem, fs.SubTreeFileSystem):
        filesystem, root = filesystem.base_fs, f"{filesystem.base_path.rstrip('/')}/{root}"
    return root if filesystem.type_name == "local" else None


def _files(root: str, under: str, *, recursive: bool) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the files below a folder, by their names relative to the root; none if the folder does not exist."""
    with contextlib.suppress(FileNotFoundError), os.scandir(Path(root, under)) as found:
        for each in found:
            name = f"{under}/{each.name}" if under else each.name
            if each.is_dir(follow_symlinks=False):
                if recursive:
                    yield from _files(root, name, recursive=True)
            elif each.is_file(follow_symlinks=False):
                # Another process may have deleted it.
                with contextlib.suppress(FileNotFoundError):
                    yield name, each.stat(follow_symlinks=False)

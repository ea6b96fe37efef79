"""A directory on a local disk or in an object store, whose files are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa
from pyarrow import fs

from tickframe.local_files import create_file, is_unfinished_name, unfinished_name

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SECRET_OPTION = re.compile("secret|key|token|password", re.IGNORECASE)
_UNFINISHED_NAME = re.compile(r"\.(.+)\.[0-9]+-(?:[0-9a-f]{8}|[0-9a-f]{32})\.tmp")
# They have no directories, only names with slashes; creating one may need permissions that writing does not.
_OBJECT_STORES = frozenset({"s3", "gcs", "abfs"})


class Location:
    """A directory in any filesystem of ``pyarrow.fs``.

    Parameters
    ----------
    location
        A local path, or a URI such as ``s3://bucket/prefix?region=eu-central-1``.
    filesystem
        The filesystem of ``location``, which is then a path in it. If omitted, that of the URI or the local one.

    Raises
    ------
    ValueError
        If ``pyarrow.fs`` does not support the URI.
    """

    def __init__(self, location: str | os.PathLike[str], filesystem: fs.FileSystem | None = None) -> None:
        self._given = os.fspath(location)
        if filesystem is not None:
            self.filesystem, self.root = filesystem, self._given.rstrip("/")
        elif _URI.match(self._given):
            try:
                self.filesystem, self.root = fs.FileSystem.from_uri(self._given)
            except pa.ArrowInvalid:
                # Without the cause, which shows the URI and so a secret in it.
                raise ValueError(
                    f"pyarrow.fs does not support {_without_secrets(self._given)}: correct the scheme or the options, "
                    "and write a slash in a password as %2F"
                ) from None
        else:
            self.filesystem, self.root = fs.LocalFileSystem(), str(Path(self._given).expanduser().absolute())
        innermost, base = self.filesystem, ""
        while isinstance(innermost, fs.SubTreeFileSystem):
            innermost, base = innermost.base_fs, f"{innermost.base_path}{base}"
        # The directory that local paths are relative to; None if they are not local.
        self._local_base = base if innermost.type_name == "local" else None
        self._has_directories = innermost.type_name not in _OBJECT_STORES
        # The directories whose names are on the disk.
        self._flushed: set[str] = set()

    def __str__(self) -> str:
        """Return the path or URI without secrets."""
        return _without_secrets(self._given)

    def __repr__(self) -> str:
        return f"<Location {self}>"

    def __reduce__(self) -> tuple[type[Location], tuple[str]]:
        """Pickle the path or URI; raises the errors of :meth:`portable`."""
        return Location, (self.portable(),)

    @property
    def is_local(self) -> bool:
        """Whether the directory is on this machine, or mounted on it."""
        return bool(self.filesystem.type_name == "local")

    def portable(self) -> str:
        """Return the path or URI with which other processes open the location.

        Raises
        ------
        ValueError
            If it holds a secret, or if the location was created from a filesystem object.
        """
        if not _URI.match(self._given):
            if not self.is_local:
                raise ValueError(
                    f"{self} is in a filesystem object, which other processes do not have: pass a URI instead"
                )
            return self.root
        address = urlsplit(self._given)
        options = [name for name, _ in parse_qsl(address.query) if _SECRET_OPTION.search(name)]
        if address.password is not None or options:
            raise ValueError(
                f"the URI of {self} holds a secret, which is not sent to other processes: set it in their environment"
            )
        return self._given

    def path(self, name: str) -> str:
        """Return the path of a file in the filesystem; ``name`` uses slashes."""
        return f"{self.root}/{name}" if name else self.root

    def read(self, name: str) -> pa.Buffer:
        """Return the bytes of a file.

        Raises
        ------
        FileNotFoundError
            If it does not exist.
        OSError
            If it cannot be read.
        """
        with self.filesystem.open_input_file(self.path(name)) as file:
            return file.read_buffer()

    def open(self, name: str) -> pa.NativeFile:
        """Open a file for random access; raises the errors of :meth:`read`."""
        return self.filesystem.open_input_file(self.path(name))

    def exist(self, names: Sequence[str]) -> bool:
        """Return whether all of these files exist.

        Raises
        ------
        OSError
            If the filesystem fails.
        """
        return all(info.is_file for info in self.filesystem.get_file_info([self.path(name) for name in names]))

    def create_parents(self, name: str) -> None:
        """Create the directories above a file, unless in an object store.

        Raises
        ------
        OSError
            If one cannot be created.
        """
        if self._has_directories:
            self.filesystem.create_dir(self.path(name).rpartition("/")[0], recursive=True)

    def write(self, name: str, *pieces: pa.Buffer | bytes, durable: bool = False) -> None:
        """Write a file atomically, replacing an existing one.

        Parameters
        ----------
        name
            The name of the file.
        *pieces
            Its content.
        durable
            Whether its content has to survive a power cut on a local disk, once :meth:`flush_directories` has returned.

        Raises
        ------
        OSError
            If it cannot be written. No part of it remains.
        """
        try:
            self._write(name, pieces, durable=durable)
        except FileNotFoundError:
            # The directory is not there, or another process has deleted it.
            self.create_parents(name)
            self._write(name, pieces, durable=durable)

    def _write(self, name: str, pieces: Sequence[pa.Buffer | bytes], *, durable: bool = False) -> None:
        def write(stream: pa.NativeFile) -> None:
            for piece in pieces:
                stream.write(piece)

        self._move_when_written(name, write)
        if durable and self.is_local:
            _flush(self.path(name))

    def flush_directories(self, names: Iterable[str]) -> None:
        """Let the local directories above files, up to this one, survive a power cut with the names in them.

        Raises
        ------
        OSError
            If the disk fails.
        """
        # Windows opens no directories; it flushes their changes by itself.
        if not self.is_local or os.name == "nt":
            return
        directories = {self.path(name).rpartition("/")[0] for name in names}
        for directory in directories:
            _flush(directory)
        while directories := {each for each in directories if each != self.root} - self._flushed:
            # Directories that are new in the ones above them.
            parents = {each: each.rpartition("/")[0] for each in directories}
            for parent in set(parents.values()):
                _flush(parent)
            self._flushed |= parents.keys()
            directories = set(parents.values())

    def write_with(self, name: str, write: Callable[[pa.NativeFile], None]) -> None:
        """Let a function write a temporary file beside a file, and move it there.

        An object store completes an upload even after an error, so the temporary file is deleted if the
        function raises.

        Parameters
        ----------
        name
            The file.
        write
            Called with the temporary file, open for writing.

        Raises
        ------
        OSError
            If it cannot be written. No part of it remains.
        """
        self.create_parents(name)
        self._move_when_written(name, write)

    def _move_when_written(self, name: str, write: Callable[[pa.NativeFile], None]) -> None:
        folder, _, base = self.path(name).rpartition("/")
        unfinished = f"{folder}/{unfinished_name(base)}"
        # In one function, since an interrupt between the methods of a context manager would leave the file there.
        try:
            with self._create(unfinished) as stream:
                write(stream)
            self.filesystem.move(unfinished, self.path(name))
        except BaseException:
            with contextlib.suppress(OSError):
                self.filesystem.delete_file(unfinished)
            raise

    def _create(self, path: str) -> pa.NativeFile:
        """Create a file in the filesystem and open it for writing."""
        # Arrow would follow a link, and empty the file that it finds.
        if self._local_base is not None:
            return pa.PythonFile(create_file(f"{self._local_base}{path}"), "w")
        return self.filesystem.open_output_stream(path)

    def delete(self, name: str) -> None:
        """Delete a file if it exists."""
        with contextlib.suppress(FileNotFoundError):
            self.filesystem.delete_file(self.path(name))

    def delete_empty_parents(self, name: str) -> None:
        """Delete the empty local directories above a file, up to this one."""
        if not self.is_local:
            return
        for parent in Path(self.path(name)).parents:
            if parent == Path(self.root):
                return
            try:
                parent.rmdir()
            except OSError:
                return
            self._flushed.discard(str(parent))

    def files(self, under: str = "", *, recursive: bool = True) -> Iterator[tuple[str, fs.FileInfo]]:
        """Yield the files by name, as for :meth:`read`; none if there is no such directory.

        Raises
        ------
        OSError
            If the directory cannot be listed.
        """
        selector = fs.FileSelector(self.path(under), allow_not_found=True, recursive=recursive)
        for info in self.filesystem.get_file_info(selector):
            if info.is_file:
                yield info.path[len(self.root) :].lstrip("/"), info


def _flush(path: str | Path) -> None:
    """Write a local file or directory to its disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_unfinished(name: str) -> bool:
    """Return whether a file is one that :class:`Location` writes and has not moved."""
    return is_unfinished_name(name.rpartition("/")[2])


def finished_name(name: str) -> str | None:
    """Return the name that an unfinished file is moved to, cut at 100 characters; None for any other file."""
    folder, slash, base = name.rpartition("/")
    found = _UNFINISHED_NAME.fullmatch(base)
    return f"{folder}{slash}{found[1]}" if found else None


def _without_secrets(location: str) -> str:
    """Return a path, or a URI without its user, password and options."""
    if not _URI.match(location):
        return location
    scheme, _, rest = location.partition("://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    if "@" not in authority and ":" in authority and not authority.rpartition(":")[2].isdigit():
        # The slash is in a password, where it should have been escaped.
        authority = rest[: rest.rfind("@") + 1]
    return f"{scheme}://{rest[authority.rfind('@') + 1 :].partition('?')[0]}"

"""A folder on a local disk or in an object store, whose files appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa
from pyarrow import fs

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SECRET_OPTION = re.compile("secret|key|token|password", re.IGNORECASE)
_UNFINISHED = ".tmp"
_UNFINISHED_NAME = re.compile(r"\.(.+)\.[0-9]+-[0-9a-f]{8}\.tmp")
# Where a folder is a part of the files' names, and making one can need rights that writing does not.
_OBJECT_STORES = frozenset({"s3", "gcs", "abfs"})


class Folder:
    """A folder in any place that ``pyarrow.fs`` knows.

    Parameters
    ----------
    place
        A local path, or a URI such as ``s3://bucket/prefix?region=eu-central-1``.
    filesystem
        What holds the folder; ``place`` is then a path in it. Left out, the place says.

    Raises
    ------
    ValueError
        If no file system knows the URI.
    """

    def __init__(self, place: str | os.PathLike[str], filesystem: fs.FileSystem | None = None) -> None:
        self._place = os.fspath(place)
        if filesystem is not None:
            self.filesystem, self.root = filesystem, self._place.rstrip("/")
        elif _URI.match(self._place):
            try:
                self.filesystem, self.root = fs.FileSystem.from_uri(self._place)
            except pa.ArrowInvalid:
                # The URI may hold a secret, and what pyarrow says of it holds the URI.
                raise ValueError(
                    f"{_without_secrets(self._place)} is no place that pyarrow.fs knows: correct its scheme or its "
                    "options, and write a slash in a password as %2F"
                ) from None
        else:
            self.filesystem, self.root = fs.LocalFileSystem(), str(Path(self._place).expanduser().absolute())
        innermost = self.filesystem
        while isinstance(innermost, fs.SubTreeFileSystem):
            innermost = innermost.base_fs
        self._holds_folders = innermost.type_name not in _OBJECT_STORES

    def __str__(self) -> str:
        """Return the place as it was given, without a secret that its URI may hold."""
        return _without_secrets(self._place)

    def __repr__(self) -> str:
        return f"<Folder {self}>"

    def __reduce__(self) -> tuple[type[Folder], tuple[str]]:
        """Travel as a place; raises what :meth:`portable_place` does."""
        return Folder, (self.portable_place(),)

    @property
    def is_local(self) -> bool:
        """Whether the folder is on a disk of this machine, as far as the operating system knows."""
        return bool(self.filesystem.type_name == "local")

    def portable_place(self) -> str:
        """Return the place as other processes and machines open it.

        Raises
        ------
        ValueError
            If a secret is in it, or a file system that no URI stands for.
        """
        if not _URI.match(self._place):
            if not self.is_local:
                raise ValueError(f"{self} is in a file system of this process alone: give the place as a URI")
            return self.root
        address = urlsplit(self._place)
        options = [name for name, _ in parse_qsl(address.query) if _SECRET_OPTION.search(name)]
        if address.password is not None or options:
            raise ValueError(f"the URI of {self} holds a secret, which does not travel: leave it to the environment")
        return self._place

    def path(self, name: str) -> str:
        """Return the path of a file in its file system; ``name`` uses slashes."""
        return f"{self.root}/{name}" if name else self.root

    def read(self, name: str) -> pa.Buffer:
        """Return the bytes of a file.

        Raises
        ------
        FileNotFoundError
            If it is not there.
        OSError
            If it cannot be read.
        """
        with self.filesystem.open_input_file(self.path(name)) as file:
            return file.read_buffer()

    def open(self, name: str) -> pa.NativeFile:
        """Open a file for reading at random; raises what :meth:`read` does."""
        return self.filesystem.open_input_file(self.path(name))

    def exist(self, names: Sequence[str]) -> bool:
        """Say whether all of some files are there.

        Raises
        ------
        OSError
            If the file system does not say.
        """
        return all(info.is_file for info in self.filesystem.get_file_info([self.path(name) for name in names]))

    def prepare(self, name: str) -> None:
        """Make the folder of a file, where folders exist apart from files.

        Raises
        ------
        OSError
            If it cannot be made.
        """
        if self._holds_folders:
            self.filesystem.create_dir(self.path(name).rpartition("/")[0], recursive=True)

    def write(self, name: str, *pieces: pa.Buffer | bytes) -> None:
        """Write a file that appears with all its pieces at once; one that is there is replaced.

        Raises
        ------
        OSError
            If it cannot be written; nothing is left behind.
        """
        try:
            self._write(name, pieces)
        except FileNotFoundError:
            # Somebody deleted the folder between two of our steps.
            self._write(name, pieces)

    def _write(self, name: str, pieces: Sequence[pa.Buffer | bytes]) -> None:
        with self.unfinished(name) as unfinished, self.filesystem.open_output_stream(unfinished) as stream:
            for piece in pieces:
                stream.write(piece)

    @contextlib.contextmanager
    def unfinished(self, name: str) -> Iterator[str]:
        """Lend a path beside a file's own, and move it there when the body is done.

        An object store completes even an upload that an error ended, so what is moved is only what
        the body left whole.
        """
        self.prepare(name)
        folder, _, base = self.path(name).rpartition("/")
        # Names that begin with a dot are passed over by whatever reads such folders.
        unfinished = f"{folder}/.{base[:100]}.{os.getpid()}-{uuid.uuid4().hex[:8]}{_UNFINISHED}"
        try:
            yield unfinished
            self.filesystem.move(unfinished, self.path(name))
        except BaseException:
            with contextlib.suppress(OSError):
                self.filesystem.delete_file(unfinished)
            raise

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone already is no error."""
        with contextlib.suppress(FileNotFoundError):
            self.filesystem.delete_file(self.path(name))

    def delete_empty_folders(self, name: str) -> None:
        """Delete the local folders above a file that hold nothing any more, up to this one."""
        if not self.is_local:
            return
        for folder in Path(self.path(name)).parents:
            if folder == Path(self.root):
                return
            try:
                folder.rmdir()
            except OSError:
                return

    def files(self, under: str = "", *, recursive: bool = True) -> Iterator[tuple[str, fs.FileInfo]]:
        """Return the files, with their names as :meth:`read` takes them; none where there is no folder.

        Raises
        ------
        OSError
            If the folder cannot be listed.
        """
        selector = fs.FileSelector(self.path(under), allow_not_found=True, recursive=recursive)
        for info in self.filesystem.get_file_info(selector):
            if info.is_file:
                yield info.path[len(self.root) :].lstrip("/"), info


def is_unfinished(name: str) -> bool:
    """Say whether a file is one that :meth:`Folder.unfinished` lends."""
    base = name.rpartition("/")[2]
    return base.startswith(".") and base.endswith(_UNFINISHED)


def finished_name(name: str) -> str | None:
    """Return the name that an unfinished file is moved to, None for any other file; one over 100 letters is cut."""
    folder, slash, base = name.rpartition("/")
    found = _UNFINISHED_NAME.fullmatch(base)
    return f"{folder}{slash}{found[1]}" if found else None


def _without_secrets(place: str) -> str:
    """Leave out the user, the password and the options of a URI."""
    if not _URI.match(place):
        return place
    scheme, _, rest = place.partition("://")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    if "@" not in authority and ":" in authority and not authority.rpartition(":")[2].isdigit():
        # It ends within a password whose slash should have been escaped.
        authority = rest[: rest.rfind("@") + 1]
    return f"{scheme}://{rest[authority.rfind('@') + 1 :].partition('?')[0]}"

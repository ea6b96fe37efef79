"""Notes of exports that are running, each with its parts, in ``_tickframe/running``.

An export that is killed leaves its note. As long as it is there no export writes a manifest, which would claim that
all parts are there; an export of some of the same parts takes the place of the killed one.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Mapping

from tickframe.export.coverage import Coverage, Union
from tickframe.export.records import FOLDER, Record, read_document, read_parts
from tickframe.location import Location, is_unfinished

_RUNNING = f"{FOLDER}/running"


class RunningExport:
    """The note of one export.

    Parameters
    ----------
    location
        The dataset.
    """

    def __init__(self, location: Location) -> None:
        self._location = location
        self._own = f"{_RUNNING}/{secrets.token_hex(8)}.json"
        self._replaced: list[str] = []
        self._has_begun = False

    def begin(self, requests: Mapping[str, tuple[str, Coverage]], *, replaces_all: bool) -> None:
        """Write the note, before the manifest is deleted.

        Parameters
        ----------
        requests
            The request of each part as text, and its symbols and days, by the name of the part.
        replaces_all
            Whether the export replaces all that the dataset holds.

        Raises
        ------
        OSError
            If the location cannot be read or written.
        """
        covered = Union(coverage for _, coverage in requests.values())
        self._replaced = [
            name
            for name, parts in _notes(self._location).items()
            if replaces_all or not parts or any(covered.overlaps(record.coverage) for record in parts.values())
        ]
        parts = {
            name: Record(name, request, 0, is_final=False, coverage=coverage, files=()).to_document()
            for name, (request, coverage) in requests.items()
        }
        self._has_begun = True
        self._location.write(self._own, json.dumps({"parts": parts}).encode())

    def end(self) -> None:
        """Delete the note, and those of killed exports whose place this one took, since all parts are there."""
        for name in (*self._replaced, self._own):
            _delete(self._location, name)

    def abandon(self) -> None:
        """Delete the note of an export that failed, which its caller knows."""
        if self._has_begun:
            # What the export failed with matters more.
            with contextlib.suppress(OSError):
                _delete(self._location, self._own)

    def is_alone(self) -> bool:
        """Return whether there is no note of another export; raises ``OSError`` if the location cannot be read."""
        return not _names(self._location)


def requests_of_others(location: Location) -> list[str]:
    """Return the requests of exports that are running or were killed, as text.

    Raises
    ------
    OSError
        If the location cannot be read.
    """
    return [record.request for parts in _notes(location).values() for record in parts.values()]


def _names(location: Location) -> list[str]:
    return sorted(name for name, _ in location.files(_RUNNING, recursive=False) if not is_unfinished(name))


def _notes(location: Location) -> dict[str, dict[str, Record]]:
    """Return the parts of each note by its name; none for one that is not valid."""
    return {name: read_parts(read_document(location, name)) or {} for name in _names(location)}


def _delete(location: Location, name: str) -> None:
    location.delete(name)
    location.delete_empty_parents(name)

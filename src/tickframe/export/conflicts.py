"""What cannot be together in one dataset, and what an export may replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tickframe.errors import DatasetError
from tickframe.export.coverage import Coverage, Union
from tickframe.export.identity import Identity
from tickframe.export.records import Record
from tickframe.location import Location

Existing = Literal["skip", "overwrite", "error"]


@dataclass(frozen=True)
class Asked:
    """What an export is to write.

    Attributes
    ----------
    identity : Identity
        What its parts have in common.
    coverages : Mapping[str, Coverage]
        The symbols and days of each part, by its name.
    existing : {"skip", "overwrite", "error"}
        What to do with what is there.
    """

    identity: Identity
    coverages: Mapping[str, Coverage]
    existing: Existing

    def superseded(
        self, location: Location, there: Identity, known: Mapping[str, Record], unfinished: Mapping[str, Record]
    ) -> list[Record]:
        """Return the records of other parts that this export replaces.

        Parameters
        ----------
        location
            The dataset.
        there
            What it holds.
        known, unfinished
            Its parts, and those whose writing was interrupted, by name.

        Raises
        ------
        DatasetError
            If rows of another kind, or the same rows twice, would be in the dataset.
        """
        covered = Union(self.coverages.values())
        if differences := there.differences(self.identity):
            what = f"{location} holds another kind of data: {'; '.join(differences)}."
            self._check_other_kind(what, there, known, covered)
            _check_no_others(what, location, (*known.values(), *unfinished.values()))
            return [*known.values(), *unfinished.values()]
        same_days = [
            record
            for record in (*known.values(), *unfinished.values())
            if record.name not in self.coverages and record.files and covered.overlaps(record.coverage)
        ]
        self._check_same_days(location, [record for record in same_days if record.name in known], covered)
        return same_days

    def _check_other_kind(self, what: str, there: Identity, known: Mapping[str, Record], covered: Union) -> None:
        if known and not self.identity.may_replace(there):
            raise DatasetError(f"{what} Choose another directory")
        if known and self.existing != "overwrite":
            raise DatasetError(f"{what} Choose another directory, or existing='overwrite' to replace all of its days")
        remaining = sum(covered.missing(record.coverage) for record in known.values() if record.files)
        if remaining:
            raise DatasetError(
                f"{what} {remaining:,} of its days of a symbol would remain of the other kind: overwrite all of them, "
                "or choose another directory"
            )

    def _check_same_days(self, location: Location, records: Sequence[Record], covered: Union) -> None:
        if not records:
            return
        more = f" and {len(records) - 1} more" if len(records) > 1 else ""
        what = (
            f"{location} holds days of these symbols from other requests, whose rows would be there twice: "
            f"{records[0].request}{more}."
        )
        if self.existing != "overwrite":
            raise DatasetError(
                f"{what} Request the same symbols and days as before, choose another directory, or "
                "existing='overwrite' to replace them"
            )
        if remaining := sum(covered.missing(record.coverage) for record in records):
            raise DatasetError(
                f"{what} Of these, {remaining:,} days of a symbol would be lost, since this query does not replace "
                "them: overwrite all of them, or choose another directory"
            )


def _check_no_others(what: str, location: Location, records: Sequence[Record]) -> None:
    """Check that there are no files without a record, which would remain next to those of another kind."""
    recorded = {file.name for record in records for file in record.files}
    others = [name for name, _ in location.files() if name.endswith(".parquet") and name not in recorded]
    if others:
        raise DatasetError(
            f"{what} {len(others):,} of its files are of an export that was interrupted, such as {others[0]}: run that "
            "export again, delete them, or choose another directory"
        )

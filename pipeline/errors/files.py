"""Errors of writing files, of loading tables, and of archived reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store_uptime.pipeline.errors.base import Clause, StoreUptimeError


class LoadRefused(StoreUptimeError):
    """Files cannot be loaded into the existing tables; nothing was changed."""

    target: str
    reason: Clause
    remedy: str
    message = "cannot load into {target}: {reason}. {remedy}"


class ReportDamaged(StoreUptimeError):
    """An archived report cannot be read any more."""

    reason: Clause
    message = "the report is damaged where it is kept ({reason}). Make it anew."


class SheetFull(StoreUptimeError):
    """A report has more stores, or rows of another kind, than a sheet of XLSX has rows. noun: what there are."""

    number: int
    rows: int
    noun: str = "stores"
    remedy: str = "Choose CSV or Parquet."
    message = "the report has {number} {noun}, and a sheet of XLSX {rows} rows. {remedy}"


class CellFull(StoreUptimeError):
    """A report has ids, or other texts, that are longer than a cell of XLSX can hold. noun: what each of them is."""

    texts: int
    characters: int
    noun: str = "store id"
    message = "{ids} longer than the {characters} characters of a cell of XLSX. Choose CSV, JSON or Parquet."

    @property
    def words(self) -> dict[str, object]:
        return super().words | {"ids": f"1 {self.noun} is" if self.texts == 1 else f"{self.texts} {self.noun}s are"}


class CannotWrite(StoreUptimeError):
    """A file could not be written; an earlier file of that name is unchanged. remedy: what to do, a sentence."""

    path: str
    reason: Clause
    remedy: str = "Nothing was changed; choose another place."
    message = "cannot write {path}: {reason}. {remedy}"


class WouldOverwriteSource(StoreUptimeError):
    """A file to be written is one of the files that are read, perhaps by another name; nothing was changed."""

    path: str
    source: str
    message = "cannot write {path}: it is {source}, which is read. Nothing was changed; choose another place."


class RejectsNotWritten(StoreUptimeError):
    """Files were loaded, but their rejected rows could not be written."""

    # Not CannotWrite: by then the load is committed, so "nothing was changed" would be wrong.

    path: str
    reason: Clause
    message = (
        "the files were loaded, but their rejected rows could not be written to {path}: {reason}. "
        "Load them once more with another --rejects: what is there already is not added again."
    )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raises CannotWrite for an OSError in the block."""
    try:
        yield
    except OSError as error:  # strerror: the message without the path, which the sentence has; some errors have none
        raise CannotWrite(str(path), error.strerror or str(error)) from error

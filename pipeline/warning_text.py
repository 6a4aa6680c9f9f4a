"""Parts of the sentences of warnings: counts, ages, and values of a source."""

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_VALUE = 80  # letters of a value that a sentence shows


@dataclass(frozen=True)
class BadValue:
    """The bad values of a rejected row, and its file and line; these are None outside of files."""

    values: tuple[tuple[str, str | None], ...]
    file: str | None
    line: int | None

    def __str__(self) -> str:
        return " ".join([" and ".join(self._written()), *self._position()]).strip()

    def _written(self) -> Iterator[str]:
        for column, value in self.values:
            yield f"an empty {column}" if not value else f"{column} {shortened(value)}"

    def _position(self) -> Iterator[str]:
        if self.line is not None:
            yield f"in line {self.line}" if self.file is None else f"in {self.file}, line {self.line}"
        elif self.file is not None:
            yield f"in {self.file}"


def some_stores(stores: int, of: int) -> str:
    """How many stores of how many, at the beginning of a sentence."""
    if of == 1:
        return "The only store"
    return f"All {of:,} stores" if stores == of else f"{stores:,} of {of:,} stores"


def age_in_words(seconds: float) -> str:
    """An age, cut at the unit: 5 minutes, 7 hours, 3 days."""
    for unit, length in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 2 * length:
            return f"{int(seconds // length):,} {unit}s"
    minutes = int(seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def shortened(value: str) -> str:
    """A value in quotes, cut where it is long."""
    return repr(value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…")

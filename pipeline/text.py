"""Parts of the sentences that people read: counts, counts by reason, and printable text.

counted              a number and its noun
most_frequent_first  counts by name, the highest first
printable            a text without characters that control a terminal

It imports nothing of the package: commands that never read a source use it too.
"""

from collections.abc import Mapping
from pathlib import Path


def counted(number: int, noun: str) -> str:
    """`1 store`, `2 stores`, `1,234 stores`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def most_frequent_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by name, the highest first, equal ones by name."""
    # The name decides between equal ones: the order of a `group_by` of Polars changes from run to run.
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def printable(text: str | Path) -> str:
    """A text as it can stand in a line: control characters, line breaks and bytes that are not UTF-8 are escaped."""
    line = str(text)
    return line if line.isprintable() else "".join(map(_escaped, line))


def _escaped(mark: str) -> str:
    if 0xDC80 <= ord(mark) <= 0xDCFF:  # Python decodes a byte of a file name that is not UTF-8 to such a surrogate
        return f"\\x{ord(mark) - 0xDC00:02x}"
    return mark if mark.isprintable() else repr(mark)[1:-1]

"""Names of files and folders: which are hidden, and what Hive keeps in them.

is_hidden         what Spark, Hadoop, macOS and other tools leave beside the data
hive_partitions   the values in folders such as `date=2024-05-05`
"""

import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from urllib.parse import unquote

HIDDEN = (".", "_")
CHECKSUM = ".crc"
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


def is_utf8(name: str | Path) -> bool:
    """Whether a name is text in UTF-8, as Polars needs it."""
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True


def path_bytes(path: str | PurePath) -> bytes:
    """The bytes of a name, to sort by."""
    return os.fsencode(path)


def is_hidden(name: str) -> bool:
    """Whether a file or folder holds no data: `.x`, `_SUCCESS`, `__MACOSX`, `x.crc`. A partition does (`_x=1`)."""
    return (name.startswith(HIDDEN) and not ("=" in name and name.startswith("_"))) or name.lower().endswith(CHECKSUM)


def hive_partitions(folders: Sequence[str]) -> dict[str, str | None]:
    """What the names of folders say as `key=value`; values are text, decoded, and Hive's null is None."""
    pairs = (name.partition("=") for name in folders)
    return {
        unquote(key): None if value == HIVE_NULL else unquote(value) for key, equals, value in pairs if key and equals
    }

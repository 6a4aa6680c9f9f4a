"""The result of a command in, stdout or a file that appears completely out."""

import sys
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

from cyclopts import CycloptsError

from store_uptime import pipeline
from store_uptime.pipeline import Format, ReportFolder, Target
from store_uptime.service.errors import NotForTerminals
from store_uptime.service.parameters import STDOUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store_uptime.pipeline import Purpose, Source

FormatName = TypeVar("FormatName", bound=str)
FORMATS_OF_NAMES: dict[str, Format] = {".xlsx": "xlsx", ".parquet": "parquet", ".json": "json"}
"""What the name of a file says of its format; any other name may have any, and CSV by default."""
BINARY_FORMATS = ("xlsx", "parquet")  # their bytes may switch modes of a terminal


def agreed_format(chosen: FormatName | None, out: Target | ReportFolder) -> FormatName | Format | None:
    """The format that was chosen, or that the name of a file has; None: neither.

    Raises CycloptsError where they differ.
    """
    ending = PurePath(str(out)).suffix.lower()
    if isinstance(out, ReportFolder) or ending not in FORMATS_OF_NAMES:
        return chosen
    named = FORMATS_OF_NAMES[ending]
    if chosen is not None and chosen != named:
        raise CycloptsError(msg=f"{out} is the name of a file in {named}, and --format is {chosen}: leave either out.")
    return named


def refuse_binary_on_terminal(file_format: Format, out: Target) -> None:
    """Raises NotForTerminals where a terminal would get binary output."""
    if file_format in BINARY_FORMATS and out == STDOUT and sys.stdout.isatty():
        raise NotForTerminals(file_format)


def input_files(source: "Source", mapping_file: Path | None) -> list[Target]:
    """The files of a source, and that of its mapping: no output may be written over them."""
    return [*source.files, *([] if mapping_file is None else [mapping_file])]


def write_output(content: bytes, out: Target, purpose: "Purpose | None" = None) -> None:
    """Write bytes to stdout, or to a file or an object of that purpose (a report's unless it is given), whole.

    Raises CannotWrite, CannotPrint, and BrokenPipeError where nobody reads on.
    """
    if out == STDOUT:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        pipeline.write_target(content, out, purpose or pipeline.REPORT)


def write_output_pieces(pieces: "Iterable[bytes]", out: Target, purpose: "Purpose | None" = None) -> None:
    """The same for pieces of bytes, one behind the other; stdout gets nothing before all of them have been made."""
    if out == STDOUT:
        pipeline.write_stream(pieces, sys.stdout.buffer)
        sys.stdout.flush()
    else:
        pipeline.write_pieces_to_target(pieces, out, purpose or pipeline.REPORT)


def write_private_output(content: bytes, out: Target) -> None:
    """The same for a report that may have been encrypted: only its owner may read the file."""
    # It is plain text now, in a folder that others may be able to read.
    write_output(content, out, replace(pipeline.REPORT, is_private=True))

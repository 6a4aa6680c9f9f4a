"""What was found by `just fuzz`, and of its kind: inputs at which a reader once broke, each small and made here."""

import gzip
import io
import pickle
import signal
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from store_uptime.pipeline import (
    LibraryPanicked,
    ReportDamaged,
    SourceMismatch,
    archive,
    build_report,
    open_source,
    panics_as_errors,
    proposed_mapping,
    restore,
)
from store_uptime.pipeline.load.judged_rows import judged_batches
from store_uptime.pipeline.mapping.mapping import AS_NAMED
from store_uptime.pipeline.source.folder import sizes
from store_uptime.pipeline.source.folder.discovery import found_files
from tests.fuzz.kinds import read_feed
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, store_uptime, written_feed

POLL = "a,2024-10-14 12:00:00 UTC,active"
# In the file below: the unpacked size of its first page, the number of values in that, and their levels.
UNPACKED_AT, NUM_VALUES_AT, LEVELS_AT = 7, 12, 27


def feed(folder: Path, **files: bytes) -> Path:
    """A feed of one store; some of its files, or further ones, are others."""
    written_feed(folder, store_status=lines(POLLS, POLL), menu_hours=lines(HOURS), timezones=lines(ZONES))
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    return folder


def zones_as_parquet(at: int | None = None, byte: int = 0, compression: str = "none") -> bytes:
    """A plain Parquet file of three zones, one byte of it changed."""
    buffer = io.BytesIO()
    rows = pa.table({"store_id": ["a", "b", "c"], "timezone_str": ["America/Chicago"] * 3})
    pq.write_table(rows, buffer, version="1.0", compression=compression, use_dictionary=False, write_statistics=False)
    content = bytearray(buffer.getvalue())
    if at is not None:
        content[at] = byte
    return bytes(content)


def constant_polls(rows: int) -> bytes:
    """A Parquet file of a few hundred bytes with so many equal polls."""
    buffer = io.BytesIO()
    values = {"store_id": "a", "timestamp_utc": "2024-10-14 12:00:00 UTC", "status": "active"}
    pl.DataFrame([pl.repeat(value, rows, eager=True).alias(name) for name, value in values.items()]).write_parquet(
        buffer, row_group_size=rows
    )
    return buffer.getvalue()


def workbook(properties: bytes) -> bytes:
    """A ZIP that might be a workbook, its one member damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("docProps/custom.xml", properties)
    content = bytearray(buffer.getvalue())
    content[49] ^= 0xFF  # the first byte that is compressed
    return bytes(content)


def with_wide_window(text: str) -> bytes:
    """A text compressed by zstd so that unpacking it takes a gigabyte."""
    wide = zstandard.ZstdCompressionParameters(window_log=30, write_content_size=False)
    compressor = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    return compressor.compress(text.encode()) + compressor.flush()


SURVIVED: dict[str, Callable[[], dict[str, bytes]]] = {
    "first rows with two surplus fields": lambda: {
        "store_status": lines(POLLS, f"{POLL},x,y", POLL).encode(),
        "timezones": f"{ZONES}\na,UTC,x,y".encode(),
    },
    "what is passed over": lambda: {
        "columns": b"," * 40_000 + b"\na",
        "name": b"a" * 100_000 + b"\nb",
        "wide": POLLS.encode() + b"," * 70_000 + b'\n"\n',
        "workbook": workbook(b"x" * 100),
        "packed twice": gzip.compress(gzip.compress(b"x")),
        "window": with_wide_window(lines(ZONES, "a,UTC")),
        "gigabyte": zstandard.ZstdCompressor().compress(b"\0" * (8 << 20)) * 128,
        "footer": b"PAR1" + bytes(8) + b"PAR1",
        "nonsense": zones_as_parquet(-40, 0xFF),
    },
    "a quote that is never closed": lambda: {
        "menu_hours": lines(HOURS, 'a,0,"09:00,17:00', "a,1,09:00,17:00").encode()
    },
    "gzip in pieces, the header in two": lambda: {
        "timezones": b"".join(map(gzip.compress, (ZONES[:4].encode(), f"{ZONES[4:]}\na,UTC\n".encode())))
    },
    "pages that make Polars panic": lambda: {"timezones": zones_as_parquet(LEVELS_AT)},
}


@pytest.mark.parametrize("files", SURVIVED.values(), ids=SURVIVED)
def test_what_is_damaged_is_read_row_for_row_or_named_in_a_sentence(
    files: Callable[[], dict[str, bytes]], tmp_path: Path
) -> None:
    read_feed(feed(tmp_path, **files()))


PASSED_OVER = {
    "a window of a gigabyte": (lambda: with_wide_window(lines(ZONES, "a,UTC")), "zstd with a window of more than 128"),
    "a thousand and one columns": (lambda: POLLS.encode() + b"," * 1_000, "its header has more than 1,000 columns"),
    "gzip in gzip": (lambda: gzip.compress(gzip.compress(b"x")), "packed in a way that is not read"),
    "a footer of nothing": (lambda: b"PAR1" + bytes(8) + b"PAR1", "it is damaged: "),
}


@pytest.mark.parametrize(("content", "reason"), PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_is_passed_over_is_named_with_its_reason(
    content: Callable[[], bytes], reason: str, tmp_path: Path
) -> None:
    (found,) = found_files(feed(tmp_path, more=content())).passed_over
    assert str(found).startswith(f"more.csv ({reason}")


def bomb(line: bytes, pieces: int) -> bytes:
    """Polls as gzip: one line again and again, in small files end to end."""
    return gzip.compress(POLLS.encode() + b"\n") + gzip.compress(line * 20_000) * pieces


TOO_LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "gzip that unpacks to a thousand times its size": (
        lambda: bomb(b"a,,\n", 30),
        "unpacked it is more than 250 times as large, and more than 1 MiB; if it is meant to be, unpack it",
    ),
    "a line without an end": (
        lambda: POLLS.encode() + b'\n"' + b"a" * (2 << 20),
        "it has a line of more than 1 MiB; that is no row",
    ),
    "Parquet with more rows than bytes": (
        partial(constant_polls, 1_000_000),
        r"its rows \(1,000,000\) are more than 250 times as large as the file, and more than 1 MiB",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_grows_too_large_is_refused_with_its_limit(
    content: Callable[[], bytes], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "ALWAYS_ALLOWED", 1 << 20)
    monkeypatch.setattr(sizes, "LONGEST_LINE", 1 << 20)
    with pytest.raises(SourceMismatch, match=f"store_status.csv: .*{sentence}"):
        open_source(feed(tmp_path, store_status=content()))


def test_parts_of_parquet_that_are_large_are_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_uptime.pipeline.source.folder.footer.LARGE_GROUP_ROWS", 2)
    folder = feed(tmp_path, timezones=zones_as_parquet())
    (file,) = found_files(folder).tables["timezones"]
    assert not file.for_polars
    assert build_report(open_source(folder)).quality.tables["zones"].accepted == 3


def test_a_damaged_page_that_pyarrow_reads_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store_uptime.pipeline.source.folder.footer.LARGE_GROUP_ROWS", 2)
    folder = feed(tmp_path, timezones=zones_as_parquet(UNPACKED_AT, 4, compression="snappy"))
    with pytest.raises(SourceMismatch, match=r"timezones.csv: it cannot be read to its end \(.*\); it is damaged"):
        build_report(open_source(folder))


def test_a_load_does_not_take_a_panic_for_the_end_of_a_file(tmp_path: Path) -> None:
    files = found_files(feed(tmp_path, timezones=zones_as_parquet(LEVELS_AT))).tables["timezones"]
    with pytest.raises(SourceMismatch, match="the library that reads it fails within itself"):
        list(judged_batches(files, "timezones", AS_NAMED))


def test_a_mapping_is_proposed_for_what_has_a_hundred_thousand_columns(tmp_path: Path) -> None:
    wide = "shop,seen," + "," * 100_000
    assert "[store_status]" in proposed_mapping(str(feed(tmp_path, more=wide.encode())))


def test_a_panic_is_an_error_that_goes_from_process_to_process() -> None:
    with pytest.raises(LibraryPanicked) as found, panics_as_errors("./feed"):
        raise pl.exceptions.PanicException("index out of bounds")
    assert "./feed: a library failed within itself (index out of bounds)" in str(
        pickle.loads(pickle.dumps(found.value))
    )


def test_a_kept_report_that_is_damaged_says_so() -> None:
    figures = archive(build_report(frames(lines(POLLS, POLL)))).figures
    for damaged in (figures[:-1], figures.replace(b'"horizon"', b'"horizom"'), b""):
        with pytest.raises(ReportDamaged, match=r"Make it anew\."):
            restore(damaged)


def test_where_a_library_ends_the_program_the_terminal_gets_one_line_and_no_trace(tmp_path: Path) -> None:
    broken = zones_as_parquet(NUM_VALUES_AT, 1)
    done = store_uptime("report", feed(tmp_path / "feed", timezones=broken), cwd=tmp_path, RUST_BACKTRACE="1")
    assert done.returncode == -signal.SIGABRT
    (said,) = done.stderr.decode().splitlines()
    assert said.startswith("store-uptime: a library ended this program, because a memory allocation of ")

"""The kinds of input that are tried: how one is made from chance, and what must hold when it is read.

An input is a folder of files. Reading it ends well, or with an error that the reader says it raises; what was read is
all that was there.
"""

import csv
import gzip
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
import pyarrow.parquet as pq
import zstandard

from store_uptime.pipeline import (
    REPORT,
    Report,
    SourceMapping,
    StoreUptimeError,
    build_report,
    duration_text,
    open_source,
    parse_duration,
    parse_instant,
    parse_positive_duration,
    read_mapping,
    restore,
)
from store_uptime.pipeline.load.judged_rows import copy_text, judged_batches, rejected_rows
from store_uptime.pipeline.load.stores import judged_files
from store_uptime.pipeline.mapping.mapping import AS_NAMED
from store_uptime.pipeline.source.folder.content import GZIP, ZSTD
from store_uptime.pipeline.source.folder.data_file import DataFile, Kind
from store_uptime.pipeline.source.folder.discovery import found_files
from store_uptime.pipeline.source.postgres.connection import parse_conninfo, redacted
from store_uptime.pipeline.source.proposal import proposed_mapping
from store_uptime.pipeline.tables import ROWS_OF
from store_uptime.service.queue import cron
from store_uptime.service.routes.request_schemas import DeliveryRequest, ScheduleChange, ScheduleRequest, TriggerRequest
from store_uptime.service.routes.validation import body_faults, expected_members, repeated_names, syntax_fault
from tests.fuzz import mutations, seeds

Files = dict[str, bytes]
BODY_SHAPES = (TriggerRequest, ScheduleRequest, ScheduleChange, DeliveryRequest)
KEPT = ("figures", "plan", "rejects", "lanes")
NAMES = ("report.json", "report.xlsx", "report.parquet", "report.csv")


@dataclass(frozen=True)
class InputKind:
    """make: files by name, of which some have faults; read: raises where something does not hold."""

    make: Callable[[Random], Files]
    read: Callable[[Path], None]


# --- Feeds ---


def csv_feed(random: Random) -> Files:
    """A feed of CSV, one table of it with faults."""
    return one_changed(random, seeds.csv_files(), "csv", lambda data: mutations.mutated(random, data))


def packed_feed(random: Random) -> Files:
    """A feed of CSV, one table of it compressed, with faults before or after that."""

    def changed(data: bytes) -> bytes:
        if random.random() < 0.4:
            return seeds.packed(random, mutations.mutated(random, data))
        return mutations.mutated(random, seeds.packed(random, data), mutations.BYTES)

    return one_changed(random, seeds.csv_files(), "csv.gz", changed)


def parquet_feed(random: Random) -> Files:
    """A feed of Parquet, one table of it with faults."""
    files = random.choice(seeds.parquet_files())
    return one_changed(random, files, "parquet", lambda data: mutations.mutated(random, data, mutations.PARQUET))


def feed_beside_report(random: Random) -> Files:
    """A feed, and beside it a report of ours with faults."""
    name = random.choice(NAMES)
    kinds = mutations.PARQUET if name == "report.parquet" else None
    files = {f"{table}.csv": data for table, data in seeds.csv_files().items()}
    return files | {name: mutations.mutated(random, seeds.reports()[name], kinds)}


def one_changed(random: Random, files: Files, suffix: str, change: Callable[[bytes], bytes]) -> Files:
    """The files of a feed, one of them changed, and sometimes beside it as it was."""
    table = random.choice(list(files))
    others = {f"more.{suffix}": files[table]} if random.random() < 0.2 else {}
    return others | {f"{name}.{suffix}": change(data) if name == table else data for name, data in files.items()}


def read_feed(folder: Path) -> None:
    """A report, a load and a proposed mapping of a feed end well or in a sentence, and count every row."""
    for name in NAMES:
        if (folder / name).exists():
            REPORT.is_ours(folder / name)
    with suppress(StoreUptimeError):
        check_report(folder, build_report(open_source(folder)))
    with suppress(StoreUptimeError):
        check_load(folder)
    with suppress(StoreUptimeError):
        proposed_mapping(str(folder))


def check_report(folder: Path, report: Report) -> None:
    """Each table has as many rows as were accepted, rejected, or out of sight."""
    for table, files in found_files(folder).tables.items():
        if table == "stores" and not files:
            continue
        counts = report.quality.tables[ROWS_OF[table]]
        agrees(table, files, counts.read + (counts.outside or 0))
        assert len(report.rejects[ROWS_OF[table]]) == sum(counts.rejected.values()), f"{table}: rejected rows are lost"
    for file_format in ("csv", "json"):
        report.render(file_format, "extended")


def check_load(folder: Path) -> None:
    """The same of what a load would read."""
    for table, files in found_files(folder).tables.items():
        if files and table == "stores":
            found = judged_files(files, AS_NAMED, ())
            agrees(table, files, found.accepted.height + found.rejected.height)
        elif files:
            batches = list(judged_batches(files, table, AS_NAMED))
            agrees(table, files, sum(batch.height for batch in batches))
            numbers = {file.name: number for number, file in enumerate(files)}
            for batch in batches:
                copy_text(batch, table, numbers)
                rejected_rows(batch, table)


def agrees(table: str, files: list[DataFile], read: int) -> None:
    """Raises AssertionError where other rows were read than are there."""
    expected = [rows_of(file) for file in files]
    if None not in expected:
        there = sum(rows for rows in expected if rows is not None)
        assert read == there, f"{table}: {read} rows are accepted or rejected, of {there}"


def rows_of(file: DataFile) -> int | None:
    """How many rows a file has by a plain reader; None where that has another opinion of what a row is."""
    if file.kind is Kind.PARQUET:
        with suppress(OSError):  # Polars does not read the schema that PyArrow keeps beside that of Parquet
            return pq.ParquetFile(file.place.path).metadata.num_rows
        return None
    text = unpacked(file.place.open().read()).decode("utf-8-sig", errors="replace")
    end = file.line_end
    if end == "\n" and "\r" in text.replace("\r\n", ""):
        return None  # to the plain reader it ends a line
    lines = text if '"' in text else text.replace("\r\n", "\n").split(end)
    try:
        rows = list(
            csv.reader(
                io.StringIO(lines, newline="") if isinstance(lines, str) else lines,
                delimiter=file.delimiter,
                strict=True,
            )
        )
    except csv.Error:
        return None
    return sum(1 for row in rows[1:] if row)


def unpacked(data: bytes) -> bytes:
    """The content of a file. Raises what the libraries raise: by then it has been read to its end."""
    if data.startswith(GZIP):
        return gzip.decompress(data)
    if data.startswith(ZSTD):
        return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    return data


# --- What is kept ---


def kept_report(random: Random) -> Files:
    """A report as it is kept, one of its files with faults."""
    name = random.choice(KEPT)
    change = json_changed if name == "figures" and random.random() < 0.3 else parquet_changed
    return {each: seeds.reports()[each] for each in KEPT} | {name: change(random, seeds.reports()[name])}


def parquet_changed(random: Random, data: bytes) -> bytes:
    """A Parquet file with faults."""
    return mutations.mutated(random, data, mutations.PARQUET)


def json_changed(random: Random, data: bytes) -> bytes:
    """A report's figures with faults in what else is kept of it."""
    import polars as pl

    facts = pl.read_parquet_metadata(io.BytesIO(data))["store_uptime"].encode()
    buffer = io.BytesIO()
    changed = mutations.mutated(random, facts).decode("utf-8", "replace")
    pl.read_parquet(io.BytesIO(data)).write_parquet(buffer, metadata={"store_uptime": changed})
    return buffer.getvalue()


def read_kept(folder: Path) -> None:
    """It is restored, or said to be damaged."""
    figures, plan, rejects, lanes = ((folder / name).read_bytes() for name in KEPT)
    with suppress(StoreUptimeError):
        restore(figures, plan, rejects, lanes)


# --- Texts ---


def text_kind(choices: tuple[bytes, ...], read: Callable[[str], object]) -> InputKind:
    """A text from one of some, and what reads it: it may raise ValueError or an error of ours."""

    def read_text(folder: Path) -> None:
        with suppress(ValueError, StoreUptimeError):
            read((folder / "text").read_bytes().decode("utf-8", "surrogateescape"))

    return InputKind(lambda random: {"text": mutations.mutated(random, random.choice(choices))}, read_text)


def read_durations(text: str) -> None:
    """Duration and what it is written as."""
    assert parse_duration(duration_text(parse_duration(text))) == parse_duration(text)
    parse_positive_duration(text)


def read_cron(text: str) -> None:
    """The check of a schedule, and its words."""
    cron.check_cron(text, "Europe/Berlin")
    cron.in_words(text)


def read_address(text: str) -> None:
    """An address as a source and as what is shown of it; nothing is connected to."""
    for read in (parse_conninfo, redacted, open_source):
        with suppress(StoreUptimeError):
            read(text)


def mapping_file(random: Random) -> Files:
    """The file of a mapping with faults, or one that says anything."""
    return {"map.toml": mutations.mutated(random, seeds.MAPPING)}


def read_mapping_file(folder: Path) -> None:
    """It is a mapping, which says the same once it is written and read again, or an error of ours."""
    with suppress(StoreUptimeError):
        mapping = read_mapping(folder / "map.toml")
        assert SourceMapping.from_dict(mapping.to_dict()) == mapping


def read_body(text: str) -> None:
    """What is wrong with a body of a request, in sentences."""
    body = text.encode("utf-8", "surrogateescape")
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        syntax_fault(body)
        return
    for shape in BODY_SHAPES:
        sentences = list(body_faults(given, shape))
        sentences += repeated_names(body, expected_members(shape))
        assert all(isinstance(sentence, str) for sentence in sentences)


KINDS = {
    "csv": InputKind(csv_feed, read_feed),
    "packed": InputKind(packed_feed, read_feed),
    "parquet": InputKind(parquet_feed, read_feed),
    "report": InputKind(feed_beside_report, read_feed),
    "kept": InputKind(kept_report, read_kept),
    "mapping": InputKind(mapping_file, read_mapping_file),
    "body": text_kind(seeds.BODIES, read_body),
    "duration": text_kind(seeds.DURATIONS, read_durations),
    "instant": text_kind(seeds.INSTANTS, parse_instant),
    "cron": text_kind(seeds.CRONS, read_cron),
    "address": text_kind(seeds.ADDRESSES, read_address),
}
WEIGHTS = {"csv": 6, "packed": 4, "parquet": 8, "report": 2, "kept": 3}
"""How often a kind is tried beside one of the others."""

"""The files of a report: those of the command line, in the format that was asked for, sent as the client takes it."""

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal

from store_uptime.service.testing import Service
from tests.support.feeds import called
from tests.support.running import complete, problem

NOW = "2026-03-09T12:00:00Z"
CSV, JSON, PARQUET = "text/csv; charset=utf-8", "application/json", "application/vnd.apache.parquet"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"csv": CSV, "json": JSON, "parquet": PARQUET, "xlsx": XLSX}


@pytest.fixture(scope="module")
def report(service: Service) -> str:
    """The id of a complete report."""
    with service.client() as client:
        return complete(client, now=NOW)


@pytest.fixture(scope="module")
def store(service: Service) -> str:
    """A store that has polls."""
    with service.client() as client:
        return client.get("/stores").json()["stores"][7]


# As the command line writes it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """The same, asked of the service and of the command."""

    body: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


ASKED = {
    "nothing": Asked(),
    "extended": Asked({"columns": "extended"}, ("--columns", "extended")),
    "now": Asked({"now": "2026-03-09T13:00:00+01:00"}, ("--now", NOW)),
    "max gap": Asked({"max_gap": "45m", "columns": "extended"}, ("--max-gap", "45m", "--columns", "extended")),
    "lookback": Asked({"lookback": "0h", "columns": "extended"}, ("--lookback", "0h", "--columns", "extended")),
    "one store": Asked({"store_id": "STORE"}, ("--store", "STORE")),
    "all of it": Asked(
        {"now": NOW, "max_gap": "1h30m", "lookback": "2d", "store_id": "STORE", "columns": "extended"},
        ("--now", NOW, "--max-gap", "90m", "--lookback", "48h", "--store", "STORE", "--columns", "extended"),
    ),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_csv_is_byte_for_byte_that_of_the_command(
    client: httpx.Client, polled: str, store: str, tmp_path: Path, asked: Asked
) -> None:
    body = {name: value.replace("STORE", store) for name, value in asked.body.items()}
    options = [option.replace("STORE", store) for option in asked.options]
    written = by_command(polled, tmp_path, *options)
    assert written.count(b"\n") > 1
    assert client.get(f"/get_report/{complete(client, **body)}").content == written


@pytest.mark.parametrize("columns", ["plain", "extended"])
def test_so_is_the_json(client: httpx.Client, polled: str, report: str, tmp_path: Path, columns: str) -> None:
    answer = client.get(f"/get_report/{report}", params={"format": "json", "columns": columns})
    assert answer.content == by_command(polled, tmp_path, "--now", NOW, "--format", "json", "--columns", columns)
    assert len(answer.json()["stores"]) == 40


@pytest.mark.parametrize("columns", ["plain", "extended"])
def test_the_parquet_has_the_same_frame_and_says_the_same_of_it(
    client: httpx.Client, polled: str, report: str, tmp_path: Path, columns: str
) -> None:
    sent = client.get(f"/get_report/{report}", params={"format": "parquet", "columns": columns}).content
    written = by_command(polled, tmp_path, "--now", NOW, "--format", "parquet", "--columns", columns)
    assert_frame_equal(pl.read_parquet(io.BytesIO(sent)), pl.read_parquet(io.BytesIO(written)))
    assert about(sent) == about(written)


@pytest.mark.parametrize("columns", ["plain", "extended"])
def test_the_xlsx_has_the_same_cells(
    client: httpx.Client, polled: str, report: str, tmp_path: Path, columns: str
) -> None:
    sent = client.get(f"/get_report/{report}", params={"format": "xlsx", "columns": columns}).content
    written = by_command(polled, tmp_path, "--now", NOW, "--format", "xlsx", "--columns", columns)
    assert cells(sent) == cells(written)
    rows = client.get(f"/get_report/{report}", params={"columns": columns}).text.splitlines()
    assert [row[0] for row in cells(sent)["report"]] == [row.partition(",")[0] for row in rows]


def by_command(source: str, cwd: Path, *options: str) -> bytes:
    """What `store-uptime report` writes."""
    done = called("report", "--source", source, *options, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def about(parquet: bytes) -> dict[str, Any]:
    """Provenance and quality in the metadata of a file."""
    return json.loads(pl.read_parquet_metadata(io.BytesIO(parquet))["store_uptime"])


def cells(xlsx: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each sheet."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


# Which format ---------------------------------------------------------------------------------------------------------

ACCEPTED = {
    "nothing": (None, CSV),
    "anything": ("*/*", CSV),
    "CSV": ("text/csv", CSV),
    "any text": ("text/*", CSV),
    "JSON": ("application/json", JSON),
    "JSON in UTF-8": ("application/json; charset=utf-8", JSON),
    "what axios sends": ("application/json, text/plain, */*", CSV),
    "what a browser sends": ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", CSV),
    "Parquet": (PARQUET, PARQUET),
    "XLSX": (XLSX, XLSX),
    "XLSX or what there is": (f"{XLSX}, text/csv;q=0.5", CSV),
    "Parquet or JSON": (f"{PARQUET}, application/json;q=0.9", JSON),
    "nothing at all": ("", CSV),
}


@pytest.mark.parametrize(("accept", "content_type"), ACCEPTED.values(), ids=ACCEPTED)
def test_accept_chooses_the_format_and_csv_wherever_it_will_do(
    client: httpx.Client, report: str, accept: str | None, content_type: str
) -> None:
    answer = asked_with(client, f"/get_report/{report}", Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert "Accept" in answer.headers["Vary"].split(",")


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/pdf, image/*"])
def test_what_a_report_cannot_be_had_as_is_refused(client: httpx.Client, report: str, accept: str) -> None:
    told = problem(asked_with(client, f"/get_report/{report}", Accept=accept), 406)
    assert told == f"A report can be had as text/csv, {JSON}, {PARQUET}, {XLSX}."


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", PARQUET, "image/png"])
@pytest.mark.parametrize(("name", "content_type"), TYPES.items(), ids=TYPES)
def test_format_wins_over_accept(
    client: httpx.Client, report: str, name: str, content_type: str, accept: str | None
) -> None:
    answer = asked_with(client, f"/get_report/{report}?format={name}", Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="stores-2026-03-09T1200Z.{name}"'
    assert answer.headers["X-Report-Status"] == "Complete"


@pytest.mark.parametrize("triggered", ["plain", "extended"])
def test_columns_may_be_chosen_with_the_trigger_and_overridden_by_the_request(
    client: httpx.Client, triggered: str
) -> None:
    report_id = complete(client, now=NOW, columns=triggered)
    files = {
        columns: client.get(f"/get_report/{report_id}", params={"columns": columns}).text
        for columns in ("plain", "extended")
    }
    assert len(files["plain"].splitlines()[0].split(",")) == 7
    assert len(files["extended"].splitlines()[0].split(",")) > 7
    assert client.get(f"/get_report/{report_id}").text == files[triggered]


def asked_with(client: httpx.Client, path: str, **headers: str | None) -> httpx.Response:
    """The answer to a request with these headers, or without those that are None."""
    request = client.build_request("GET", path)
    for name, value in headers.items():
        del request.headers[name]
        if value is not None:
            request.headers[name] = value
    return client.send(request)


# What the client has already ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("known", ["{tag}", '"another", {tag}', "{strong}", "*"])
def test_a_file_that_the_client_has_is_not_sent_again(
    client: httpx.Client, report: str, known: str, encoding: str
) -> None:
    tag = client.get(f"/get_report/{report}").headers["ETag"]
    header = known.format(tag=tag, strong=tag.removeprefix("W/"))
    answer = client.get(f"/get_report/{report}", headers={"If-None-Match": header, "Accept-Encoding": encoding})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer.headers["ETag"], answer.headers["X-Report-Status"]) == (tag, "Complete")
    assert "Content-Disposition" not in answer.headers
    assert "Content-Encoding" not in answer.headers


def test_another_file_is(client: httpx.Client, report: str) -> None:
    tag = client.get(f"/get_report/{report}").headers["ETag"]
    for query in ({"format": "json"}, {"columns": "extended"}):
        answer = client.get(f"/get_report/{report}", params=query, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content != b"") == (200, True)
    assert client.get(f"/get_report/{report}", headers={"If-None-Match": '"another"'}).status_code == 200


def test_every_file_has_a_tag_of_its_own_that_stays(client: httpx.Client, report: str) -> None:
    other = complete(client, now="2026-03-09T12:00:01Z")
    tags = [
        client.get(f"/get_report/{report_id}", params={"format": name, "columns": columns}).headers["ETag"]
        for report_id in (report, other, report)
        for name in TYPES
        for columns in ("plain", "extended")
    ]
    assert tags[:8] == tags[16:]
    assert len(set(tags)) == 16


@pytest.mark.parametrize(
    "path", ["/get_report/{}", "/get_report/{}?format=xlsx", "/reports/{}", "/get_report?report_id={}"]
)
def test_head_tells_all_but_the_body(client: httpx.Client, report: str, path: str) -> None:
    told, got = (client.request(method, path.format(report)) for method in ("HEAD", "GET"))
    assert (told.status_code, told.content) == (200, b"")
    names = ("Content-Type", "Content-Disposition", "ETag", "X-Report-Status")
    assert [told.headers.get(name) for name in names] == [got.headers.get(name) for name in names]


def test_a_status_has_none(client: httpx.Client, report: str) -> None:
    answer = client.get(f"/get_report/{report}?status_only=true", headers={"If-None-Match": "*"})
    assert (answer.status_code, "ETag" in answer.headers) == (200, False)


# How it travels -------------------------------------------------------------------------------------------------------


def unzstd(content: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(content)


ENCODINGS: dict[str, tuple[str | None, str | None, Callable[[bytes], bytes]]] = {
    "nothing": (None, None, bytes),
    "as it is": ("identity", None, bytes),
    "what there is not": ("br, deflate", None, bytes),
    "gzip": ("gzip", "gzip", gzip.decompress),
    "what requests sends": ("gzip, deflate", "gzip", gzip.decompress),
    "zstd": ("zstd", "zstd", unzstd),
    "not gzip": ("gzip;q=0", None, bytes),
    "all but zstd": ("gzip, zstd; q=0.0", "gzip", gzip.decompress),
    "rather something else": ("gzip;q=0.5, br", "gzip", gzip.decompress),
    "what a browser sends": ("gzip, deflate, br, zstd", "zstd", unzstd),
}


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize(("takes", "encoding", "unpacked"), ENCODINGS.values(), ids=ENCODINGS)
def test_a_file_is_compressed_where_the_client_takes_it(
    client: httpx.Client,
    report: str,
    name: str,
    takes: str | None,
    encoding: str | None,
    unpacked: Callable[[bytes], bytes],
) -> None:
    path = f"/get_report/{report}?format={name}&columns=extended"
    plain = asked_with(client, path, **{"Accept-Encoding": "identity"}).content
    headers, sent = as_sent(client, path, takes)
    assert headers.get("Content-Encoding") == encoding
    assert int(headers["Content-Length"]) == len(sent)
    if name == "xlsx":
        assert cells(unpacked(sent)) == cells(plain)
    else:
        assert unpacked(sent) == plain
    if encoding and name in ("csv", "json"):
        assert len(sent) < len(plain) / 2


def as_sent(client: httpx.Client, path: str, takes: str | None) -> tuple[httpx.Headers, bytes]:
    """The headers and the bytes of an answer, still compressed."""
    request = client.build_request("GET", path)
    del request.headers["Accept-Encoding"]
    if takes is not None:
        request.headers["Accept-Encoding"] = takes
    answer = client.send(request, stream=True)
    try:
        return answer.headers, b"".join(answer.iter_raw())
    finally:
        answer.close()

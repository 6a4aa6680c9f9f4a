"""A report as several files: what is in them, what gives way to them, and that `_report.json` is true whenever it is
there."""

import io
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from store_uptime.pipeline import (
    Columns,
    Report,
    ReportFolder,
    SourceMismatch,
    Target,
    build_report,
    files_at,
    open_source,
    write_report_folder,
    write_sample,
)
from store_uptime.pipeline.errors import CannotWrite
from store_uptime.pipeline.targets import names_in, place_below
from tests.support.buckets import Lake, reached
from tests.support.feeds import POLLS, lines

STORES = 7
THEIRS = lines(POLLS, "a,2024-10-14 12:00:00,active").encode()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, STORES, 9)
    return build_report(folder)


@pytest.fixture(params=["a folder", "a bucket"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReportFolder]:
    if request.param == "a folder":
        yield ReportFolder(tmp_path / "new" / "week")
        return
    lake: Lake = request.getfixturevalue("lake")
    with reached(lake):
        yield ReportFolder(files_at(f"s3://lake/folders/{request.node.name}"))


def contents(folder: ReportFolder, request: pytest.FixtureRequest) -> dict[str, bytes]:
    """What is in a folder or below a prefix."""
    return {name: content(place_below(folder.place, name), request) for name in names_in(folder.place)}


def content(target: Target, request: pytest.FixtureRequest) -> bytes:
    if isinstance(target, Path):
        return target.read_bytes()
    lake: Lake = request.getfixturevalue("lake")
    return lake.content(target.key)


def put(folder: ReportFolder, name: str, content: bytes, request: pytest.FixtureRequest) -> None:
    target = place_below(folder.place, name)
    if isinstance(target, Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    else:
        request.getfixturevalue("lake").put(target.key, content)


def test_its_files_are_the_report_and_its_index_tells_of_each(
    report: Report, folder: ReportFolder, request: pytest.FixtureRequest
) -> None:
    write_report_folder(report, folder, "csv", Report.csv, stores_of_a_file=3)
    found = contents(folder, request)
    index = json.loads(found.pop("_report.json"))
    assert {name: index[name] for name in ("provenance", "quality")} == report.about
    assert [(file["name"], file["rows"]) for file in index["parts"]] == [
        ("part-00000.csv", 3),
        ("part-00001.csv", 3),
        ("part-00002.csv", 1),
    ]
    for file in index["parts"]:
        content = found.pop(file["name"])
        assert (len(content), sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    assert found == {}


def test_an_earlier_report_gives_way_as_a_whole(
    report: Report, folder: ReportFolder, request: pytest.FixtureRequest
) -> None:
    put(folder, "notes.txt", b"call the plumber", request)
    write_report_folder(report, folder, "csv", Report.csv, stores_of_a_file=2)
    assert sorted(names_in(folder.place)) == ["_report.json", "notes.txt", *(f"part-{n:05}.csv" for n in range(4))]
    write_report_folder(report, folder, "parquet", Report.parquet, stores_of_a_file=4)
    assert sorted(names_in(folder.place)) == ["_report.json", "notes.txt", "part-00000.parquet", "part-00001.parquet"]
    parts = [pl.read_parquet(io.BytesIO(found)) for name, found in contents(folder, request).items() if "part" in name]
    assert pl.concat(parts).equals(report.table())


def test_there_is_no_index_until_all_its_files_are_there(
    report: Report, folder: ReportFolder, request: pytest.FixtureRequest
) -> None:
    write_report_folder(report, folder, "csv", Report.csv, stores_of_a_file=2)

    def failing(part: Report) -> bytes:
        assert "_report.json" not in names_in(folder.place)
        if part.exact["store_id"][-1] == report.exact["store_id"][-1]:
            raise MemoryError
        return part.csv()

    with pytest.raises(MemoryError):
        write_report_folder(report, folder, "csv", failing, stores_of_a_file=3)
    assert "_report.json" not in names_in(folder.place)
    write_report_folder(report, folder, "csv", Report.csv, stores_of_a_file=3)
    assert sorted(contents(folder, request)) == ["_report.json", "part-00000.csv", "part-00001.csv", "part-00002.csv"]


@pytest.mark.parametrize("name", ["part-00000.csv", "part-00017.parquet", "_report.json"])
def test_nothing_changes_where_one_of_the_names_is_a_file_of_others(
    name: str, report: Report, folder: ReportFolder, request: pytest.FixtureRequest
) -> None:
    put(folder, "part-00001.csv", report.csv(), request)
    put(folder, name, THEIRS, request)
    before = contents(folder, request)
    with pytest.raises(CannotWrite, match=rf"{name}: a file is there that is no earlier report of store-uptime"):
        write_report_folder(report, folder, "csv", Report.csv)
    assert contents(folder, request) == before


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_its_files_are_no_data(ending: str, report: Report, tmp_path: Path) -> None:
    render = Report.csv if ending == "csv" else Report.parquet
    write_report_folder(report, ReportFolder(tmp_path), ending, render, stores_of_a_file=3)
    (tmp_path / "index.json").write_bytes((tmp_path / "_report.json").read_bytes())  # a name that is not hidden
    with pytest.raises(SourceMismatch) as nothing:
        open_source(tmp_path)
    assert "part" not in str(nothing.value)
    assert "index" not in str(nothing.value)


def test_a_report_of_no_store_has_one_file_with_a_header(report: Report, tmp_path: Path) -> None:
    nobody = Report(report.plan, report.exact.clear(), report.quality, report.rejects)
    write_report_folder(nobody, ReportFolder(tmp_path), "csv", Report.csv)
    assert (tmp_path / "part-00000.csv").read_bytes() == nobody.csv()
    assert json.loads((tmp_path / "_report.json").read_bytes())["parts"][0]["rows"] == 0


def test_two_that_write_at_once_write_one_after_the_other(report: Report, tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path / "week")
    beside = {"plain": False, "extended": False}

    def rendered(columns: Columns) -> Callable[[Report], bytes]:
        def render(part: Report) -> bytes:
            beside[columns] = True
            time.sleep(0.01)  # long enough for the other one to come between two parts, if it could
            return part.csv(columns)

        return render

    def write(columns: Columns) -> None:
        write_report_folder(report, folder, "csv", rendered(columns), stores_of_a_file=1)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, beside))
    index = json.loads((tmp_path / "week" / "_report.json").read_bytes())
    written = [(tmp_path / "week" / part["name"]).read_bytes() for part in index["parts"]]
    assert [sha256(content).hexdigest() for content in written] == [part["sha256"] for part in index["parts"]]
    assert len({content.count(b",") for content in written}) == 1, "all parts are of one report"
    assert all(beside.values())

"""The names that `pipeline` promises, who may use what, and that nobody waits for what they do not use."""

import ast
import inspect
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Literal

import polars as pl
import pytest

import store_uptime
from store_uptime import Frames, Options, build_report, build_timeline, pipeline
from store_uptime.pipeline import StoreUptimeError, errors, write_sample
from tests.support.error_trees import causes, drawn, example, missing_words

ROOT = Path(__file__).parents[2]
FOR_USERS = {
    "Cluster",
    "Frames",
    "NoPolls",
    "Options",
    "Overview",
    "Period",
    "PeriodReport",
    "Report",
    "Source",
    "SourceMapping",
    "StoreUptimeError",
    "Timeline",
    "Tls",
    "UnknownStore",
    "build_outages",
    "build_periods",
    "build_report",
    "build_report_with_lanes",
    "build_timeline",
    "embedded_server",
    "explain",
    "group_days",
    "incidents",
    "load_files",
    "open_source",
    "overview",
    "read_mapping",
    "stores_at_now",
    "write_sample",
}
PROMISED = {
    "local_offsets",
    "HourOfWeek",
    "LaneStatus",
    "Overview",
    "ProfileCell",
    "WindowOverview",
    "group_days",
    "incidents",
    "lane_spans",
    "overview",
    "stores_at_now",
    "summary",
    "uptime_percents",
    "Only",
    "PeriodAbout",
    "BadPeriod",
    "NoSuchZone",
    "PeriodOutOfRange",
    "RELATIVE",
    "By",
    "Period",
    "LISTS_OF_PERIODS",
    "attributes_in_words",
    "parse_only",
    "write_period_folder",
    "write_pieces_to_target",
    "write_stream",
    "ArchivedPeriods",
    "PartMissing",
    "PeriodReport",
    "archive_periods",
    "holds_periods",
    "restore_periods",
    "UnknownAttribute",
    "UnknownValue",
    "View",
    "CertificatesUnusable",
    "ClusterLost",
    "ClusterNeedsFiles",
    "ClusterUnreachable",
    "ExchangeMissing",
    "ExchangeNotShared",
    "NoWorkers",
    "NowTooLate",
    "ReportFolder",
    "StepText",
    "WorkerMismatch",
    "WorkersLost",
    "check_cluster",
    "report_folder_targets",
    "writing",
    "write_report_folder",
    "About",
    "AS_NAMED",
    "BadMapping",
    "SourceBusy",
    "SourceMapping",
    "proposed_mapping",
    "read_mapping",
    "EMBEDDED",
    "OLD_US",
    "WORSE_POINTS",
    "WARNING_CODES",
    "AllPollsRejected",
    "age_in_words",
    "counted",
    "most_frequent_first",
    "printable",
    "rejected_tables",
    "LISTS",
    "AddressNotUnderstood",
    "REPORT",
    "TIMELINE",
    "CannotWrite",
    "CellFull",
    "Clause",
    "Reason",
    "Step",
    "step_of",
    "Columns",
    "Day",
    "EmbeddedUnavailable",
    "Extra",
    "Cluster",
    "ObjectAddress",
    "Tls",
    "memory",
    "reads_files",
    "visit_files",
    "files_at",
    "is_stored",
    "object_at",
    "Target",
    "write_target",
    "ExtraMissing",
    "provided_by",
    "WorkerShare",
    "worker_program",
    "ForEditing",
    "Format",
    "Frames",
    "HorizonOutOfRange",
    "LibraryPanicked",
    "ReportDamaged",
    "panics_as_errors",
    "Limits",
    "Loaded",
    "LoadedFile",
    "LoadedTable",
    "NoPolls",
    "Options",
    "Purpose",
    "Report",
    "ArchivedReport",
    "Selection",
    "SheetFull",
    "Source",
    "SourceMismatch",
    "SourceMissing",
    "SourceRefused",
    "SourceUnreachable",
    "StoreUptimeError",
    "Stretch",
    "TableCounts",
    "Timeline",
    "UnknownStore",
    "Week",
    "build_outages",
    "build_periods",
    "build_report_with_lanes",
    "data_version",
    "build_report",
    "build_timeline",
    "check_targets",
    "comparison",
    "csv_bytes",
    "guarded_table",
    "connect",
    "embedded_server",
    "end_statements",
    "explain",
    "explain_with_outages",
    "joined_days",
    "store_days",
    "timeline_days",
    "known_zones",
    "load_files",
    "open_source",
    "polled_stores",
    "rejects_targets",
    "restore",
    "archive",
    "select",
    "since_earlier",
    "throwaway_server",
    "parse_conninfo",
    "week_of",
    "write_file",
    "write_new_file",
    "write_rejects",
    "write_sample",
    "zone_rules",
    "DURATION_PATTERN",
    "LOOKBACK",
    "duration_text",
    "is_duration",
    "parse_duration",
    "instant_text",
    "parse_instant",
    "parse_positive_duration",
    "quoted",
}
NOT_FOR_FIGURES = {"litestar", "uvicorn", "cyclopts", "rich", "service", "tests", "benches"}
CAUSES = [cause for cause in causes(errors) if cause is not StoreUptimeError]


def modules(package: str) -> list[Path]:
    """The files of a package."""
    return sorted((ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


# Names ----------------------------------------------------------------------------------------------------------------


def test_the_public_names_are_those_that_are_promised() -> None:
    assert set(store_uptime.__all__) == FOR_USERS
    assert set(pipeline.__all__) == PROMISED


@pytest.mark.parametrize("name", sorted(FOR_USERS))
def test_a_name_for_users_is_found_and_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(getattr(store_uptime, name))


def test_the_package_lists_its_names_and_its_version() -> None:
    assert set(dir(store_uptime)) == FOR_USERS | {"__version__"}
    assert store_uptime.__version__ == metadata.version("store-uptime")


def test_it_says_that_it_has_types() -> None:
    assert (ROOT / "store_uptime" / "py.typed").is_file()


def test_each_is_found() -> None:
    assert all(getattr(pipeline, name) is not None for name in pipeline.__all__)


@pytest.mark.parametrize("module", [store_uptime, pipeline], ids=lambda module: module.__name__)
def test_another_name_is_an_attribute_error(module: ModuleType) -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = getattr(module, "non" + "sense")


@pytest.mark.parametrize("package", ["pipeline", "service"])
def test_no_module_is_there_under_two_names(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"ImportError: import it as store_uptime.{package}" in done.stderr


def test_a_checkout_without_links_says_so(tmp_path: Path) -> None:
    (tmp_path / "store_uptime").mkdir()
    for name in ("__init__.py", "__init__.pyi"):
        shutil.copy(ROOT / "store_uptime" / name, tmp_path / "store_uptime")
    for name in ("pipeline", "service"):
        (tmp_path / "store_uptime" / name).write_text(f"../{name}", encoding="utf-8")  # as git writes a link on Windows
    program = [sys.executable, "-c", "import store_uptime"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ImportError: this checkout of store-uptime has its links as text" in done.stderr


# Use ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, stores=3, days=2)
    return folder


def test_a_source_may_be_given_by_its_address(feed: Path) -> None:
    report = build_report(store_uptime.open_source(feed))
    store = report.exact["store_id"][0]
    assert build_report(feed).exact.equals(report.exact)
    assert build_report(str(feed)).exact.equals(report.exact)
    assert build_timeline(str(feed), store).pieces.equals(store_uptime.explain(feed, report, store).pieces)


def test_a_report_shows_in_three_lines_what_it_is_of_and_what_came_out(feed: Path) -> None:
    of, now, figures = repr(build_report(feed, Options(now="2026-03-10", max_gap="2h"))).splitlines()
    assert of == f"Report of {feed}, all stores"
    assert now == "now 2026-03-10T00:00:00Z (given), windows hour, day, week"
    assert re.fullmatch(r"stores: 3; up: .+ \(hour\), [0-9.]+ % \(day\), [0-9.]+ % \(week\); warnings: [0-9]+", figures)


def test_what_nothing_is_known_of_it_does_not_show_as_a_figure() -> None:
    polls = pl.DataFrame({"store_id": ["a"], "timestamp_utc": ["2026-03-09 12:00:00"], "status": ["active"]})
    hours = pl.DataFrame(
        schema=dict.fromkeys(("store_id", "day_of_week", "start_time_local", "end_time_local"), pl.String)
    )
    zones = pl.DataFrame(schema=dict.fromkeys(("store_id", "timezone_str"), pl.String))
    report = build_report(Frames(polls, hours, zones), Options(now="2026-03-09T20:00", max_gap="1h", store="a"))
    assert repr(report).startswith("Report of frames in memory, store a\n")
    assert "up: unknown (hour), 100.00 % (day)" in repr(report)


RUN = "import sys; from store_uptime import build_report; build_report(sys.argv[1])"
LISTENING = "import logging; logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)"


def output_of(script: str, *arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_nothing_is_logged_unless_somebody_listens(feed: Path) -> None:
    assert output_of(RUN, feed) == ""


def test_who_listens_hears_of_the_source_the_run_and_the_warnings(feed: Path) -> None:
    log = output_of(f"import sys; {LISTENING}; {RUN}", feed)
    assert f"DEBUG:store_uptime.pipeline.source:opened {feed}" in log
    assert re.search(r"INFO:store_uptime\.pipeline\.run:computed .*: polls: [0-9]+, seconds: [0-9.]+", log)
    assert "WARNING:store_uptime.pipeline.report.computed:" in log


# Who may use what -----------------------------------------------------------------------------------------------------


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def used_of_pipeline(path: Path) -> Iterator[str]:
    """The names of `pipeline` that a file imports or reaches for."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module == "store_uptime.pipeline":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pipeline":
            yield node.attr


@pytest.mark.parametrize("path", modules("service"), ids=named)
def test_service_uses_only_the_public_names_of_pipeline(path: Path) -> None:
    assert [name for name in imported(path) if name.startswith("store_uptime.pipeline.")] == []
    assert set(used_of_pipeline(path)) <= set(pipeline.__all__)


@pytest.mark.parametrize("path", modules("pipeline"), ids=named)
def test_pipeline_knows_nothing_of_http_or_a_terminal(path: Path) -> None:
    assert {name.removeprefix("store_uptime.").partition(".")[0] for name in imported(path)} & NOT_FOR_FIGURES == set()


def taken_elsewhere() -> set[tuple[str, str]]:
    """Module and name, of all that one module of ours imports from another."""
    trees = (node for package in ("pipeline", "service") for path in modules(package) for node in nodes(path))
    return {(str(node.module), name.name) for node in trees if isinstance(node, ast.ImportFrom) for name in node.names}


def undocumented(path: Path, taken: set[tuple[str, str]]) -> Iterator[str]:
    """The classes of a file without a docstring, and its functions that others import; and the file itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = ".".join(("store_uptime", *path.relative_to(ROOT).with_suffix("").parts))
    if not ast.get_docstring(tree):
        yield named(path)
    for node in tree.body:
        is_taken = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (module, node.name) in taken
        if (is_taken or isinstance(node, ast.ClassDef)) and not ast.get_docstring(node):
            yield f"{named(path)}: {node.name}"


@pytest.mark.parametrize("package", ["pipeline", "service"])
def test_all_that_others_use_says_what_it_is(package: str) -> None:
    taken = taken_elsewhere()
    assert [name for path in modules(package) for name in undocumented(path, taken)] == []


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", CAUSES)
def test_an_error_survives_pickling(cause: type[StoreUptimeError]) -> None:
    error = example(cause)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("cause", CAUSES)
def test_an_error_says_its_facts_in_one_line_and_what_to_do(cause: type[StoreUptimeError]) -> None:
    error = example(cause)
    assert missing_words(error) == []
    assert "\n" not in str(error)
    assert str(error)[-1] in ".?y"  # a sentence; or the last fact, that is one: `remedy`


@pytest.mark.parametrize("cause", CAUSES)
def test_no_sentence_has_its_full_stop_twice(cause: type[StoreUptimeError]) -> None:
    ended = {fact: f"{fact}." for fact in cause.facts if fact in ("reason", "found", "needed", "allowed")}
    assert ".." not in str(example(cause).replace(**ended))


@pytest.mark.parametrize("cause", CAUSES)
def test_only_of_a_server_is_asked_whether_it_runs(cause: type[StoreUptimeError]) -> None:
    assert ("running?" in str(example(cause))) == (cause is errors.SourceUnreachable)


@pytest.mark.parametrize("facts", [("here",), ("here", "it is gone", "too much"), ("here", "it is gone", "here")])
def test_an_error_takes_its_own_facts_and_no_others(facts: tuple[str, ...]) -> None:
    with pytest.raises((TypeError, AttributeError)):
        errors.SourceMissing(*facts)


def test_an_error_can_be_made_by_the_names_of_its_facts() -> None:
    assert str(errors.SourceMissing(reason="it is\ngone.", path="a.")) == (
        "cannot read a.: it is gone. Check the path, and who may read it."
    )


def test_the_tree_is_drawn_as_it_is() -> None:
    tree = drawn(errors)
    assert {name: parent for name, (parent, _) in tree.items()} == {
        cause.__name__: cause.__bases__[0].__name__ for cause in CAUSES
    }
    for name, (_, words) in tree.items():
        assert words[0].lower() in (getattr(errors, name).__doc__ or "").lower(), name


# Imports --------------------------------------------------------------------------------------------------------------


def loaded(script: str, *arguments: str | Path) -> set[str]:
    """The top-level modules that a script leaves in memory."""
    script += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["store_uptime", "store_uptime.pipeline"])
def test_the_package_alone_imports_next_to_nothing(package: str) -> None:
    assert loaded(f"import {package}") & {"polars", "duckdb", "psycopg", "pyarrow", "zoneinfo"} == set()


def test_the_command_line_imports_neither_polars_nor_duckdb_before_it_is_used() -> None:
    assert loaded("import store_uptime.service.cli.main") & {"polars", "duckdb", "psycopg", "pyarrow"} == set()


def test_a_server_leaves_to_its_workers_what_only_they_need() -> None:
    server = "import store_uptime.service.cli.serve, store_uptime.service.app"
    assert loaded(server) & {"polars", "duckdb", "connectorx", "pyarrow"} == set()


NEEDLESS = {
    *("psycopg", "connectorx", "pyarrow", "pandas", "numpy"),
    *("xlsxwriter", "rich", "pygments", "litestar", "asyncio", "http", "difflib"),
}
"""Of a report from a folder: databases and what only they need, spreadsheets, terminals and the service."""


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_report_from_a_folder_imports_nothing_needless(
    tmp_path: Path, file_format: Literal["csv", "parquet"]
) -> None:
    write_sample(tmp_path, stores=3, days=2, file_format=file_format)
    script = "import sys; from store_uptime import build_report\nbuild_report(sys.argv[1]).csv()"
    assert loaded(script, tmp_path) & (NEEDLESS | {"cyclopts"}) == set()


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_command_of_such_a_report_does_not_either(tmp_path: Path, file_format: Literal["csv", "parquet"]) -> None:
    write_sample(tmp_path, stores=3, days=2, file_format=file_format)
    script = "from store_uptime.service.cli.main import exit_status\nassert exit_status() == 0"
    assert loaded(script, "report", tmp_path, "--out", tmp_path / "week.csv") & NEEDLESS == set()


def test_reading_a_folder_needs_neither_pyarrow_nor_duckdb(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=3, days=2, file_format="parquet")
    script = "import sys; from store_uptime import open_source\nopen_source(sys.argv[1]).newest_poll_us(1 << 60)"
    assert loaded(script, tmp_path) & {"pyarrow", "duckdb"} == set()

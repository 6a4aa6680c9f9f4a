"""The names that `pipeline` promises, who may use what, and that nobody waits for what they do not use."""

import ast
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store_uptime import pipeline
from store_uptime.pipeline import errors, write_sample

ROOT = Path(__file__).parents[2]
PROMISED = {
    "AS_NAMED",
    "BadMapping",
    "SourceBusy",
    "SourceMapping",
    "proposed_mapping",
    "read_mapping",
    "EMBEDDED",
    "OLD_US",
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
    "Columns",
    "Day",
    "EmbeddedUnavailable",
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
    "data_version",
    "build_report",
    "build_timeline",
    "check_targets",
    "comparison",
    "connect",
    "embedded_server",
    "end_statements",
    "explain",
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
}
NOT_FOR_FIGURES = {"litestar", "uvicorn", "cyclopts", "rich", "service", "tests", "benches"}
CAUSES = [cause for _, cause in inspect.getmembers(errors, inspect.isclass) if cause.__module__ == errors.__name__]


def modules(package: str) -> list[Path]:
    """The files of a package."""
    return sorted((ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


# Names ----------------------------------------------------------------------------------------------------------------


def test_the_public_names_are_those_that_are_promised() -> None:
    assert set(pipeline.__all__) == PROMISED


def test_each_is_found() -> None:
    assert all(getattr(pipeline, name) is not None for name in pipeline.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = getattr(pipeline, "non" + "sense")


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


NOT_ALL_WORDS: dict[type[BaseException], list[object]] = {
    errors.AllPollsRejected: ["source", 1_200, False, {"bad status": 1_200}, "example", "remedy"]
}


def example(cause: type[BaseException]) -> BaseException:
    """An error with a word for each of its facts, but where some are no words."""
    words = [] if "__init__" not in vars(cause) else list(inspect.signature(cause).parameters)
    facts = NOT_ALL_WORDS.get(cause, words)
    return cause(*facts)


@pytest.mark.parametrize("cause", CAUSES)
def test_an_error_survives_pickling(cause: type[BaseException]) -> None:
    error = example(cause)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause is not errors.StoreUptimeError])
def test_an_error_says_its_facts_in_one_line_and_what_to_do(cause: type[BaseException]) -> None:
    error = example(cause)
    assert all(fact in str(error) for fact in error.args if isinstance(fact, str))
    assert "\n" not in str(error)
    assert str(error).rstrip()[-1] in ".?y"  # a sentence; or the last fact, that is one: `remedy`


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause is not errors.StoreUptimeError])
def test_no_sentence_has_its_full_stop_twice(cause: type[BaseException]) -> None:
    ended = [f"{fact}." if fact in ("reason", "found", "needed") else fact for fact in example(cause).args]
    assert ".." not in str(cause(*ended))


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause is not errors.StoreUptimeError])
def test_only_of_a_server_is_asked_whether_it_runs(cause: type[BaseException]) -> None:
    assert ("running?" in str(example(cause))) == (cause is errors.SourceUnreachable)


def test_a_source_without_any_poll_is_told_how_to_load_some() -> None:
    assert "store-uptime load" in str(errors.NoPolls("here", None, None, ""))


def test_the_tree_is_drawn_as_it_is() -> None:
    tree = errors.__doc__ or ""
    branches = (line.replace("│", " ").strip() for line in tree.splitlines())
    drawn = [line.split() for line in branches if line.startswith(("├──", "└──"))]
    assert {words[1] for words in drawn} == {cause.__name__ for cause in CAUSES} - {"StoreUptimeError"}
    for words in drawn:
        said = (getattr(errors, words[1]).__doc__ or "").lower()
        assert words[2].lower() in said, words[1]
    assert {cause.__bases__ for cause in CAUSES} == {(Exception,), (errors.StoreUptimeError,), (errors.NoPolls,)}


# Imports --------------------------------------------------------------------------------------------------------------


def loaded(script: str, *arguments: str | Path) -> set[str]:
    """The top-level modules that a script leaves in memory."""
    script += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_pipeline_alone_imports_next_to_nothing() -> None:
    assert loaded("import store_uptime.pipeline") & {"polars", "duckdb", "psycopg", "pyarrow", "zoneinfo"} == set()


def test_the_command_line_imports_neither_polars_nor_duckdb_before_it_is_used() -> None:
    assert loaded("import store_uptime.service.cli.main") & {"polars", "duckdb", "psycopg", "pyarrow"} == set()


def test_a_report_from_a_folder_imports_nothing_of_databases_or_spreadsheets(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=3, days=2)
    script = (
        "import sys; from store_uptime.pipeline import build_report, open_source\n"
        "build_report(open_source(sys.argv[1])).csv()"
    )
    assert loaded(script, tmp_path) & {"psycopg", "connectorx", "xlsxwriter", "rich", "cyclopts"} == set()

"""Every SQL file holds what its head promises."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from store_uptime.pipeline import Limits
from store_uptime.pipeline.durations import DAY_US, HOUR_US, WEEK_US
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.packing import PollKeys
from store_uptime.pipeline.plan.partitions import Partition
from store_uptime.pipeline.plan.windows import last_week
from store_uptime.pipeline.statements import statement
from store_uptime.pipeline.uptime import stage as stage_module
from store_uptime.pipeline.uptime.positions import changes
from store_uptime.pipeline.uptime.stage import database, register_edges, stage
from tests.support.line import on_line, packed

SQL = Path(__file__).parents[3] / "pipeline" / "uptime" / "sql"
GIVEN = {"stretches", "intervals", "spans", "slices", "far_gaps", "changes", "openings", "closings"}
STEPS = tuple(
    name for name in re.findall(r"^    (\w+)  ", stage_module.__doc__ or "", re.MULTILINE) if name not in GIVEN
)
HORIZON = Horizon(0, DAY_US + WEEK_US)
HEAD = re.compile(r"^-- (\w+): +(.*)$")
FILES = sorted(SQL.rglob("*.sql"))


def named(path: Path) -> str:
    return str(path.relative_to(SQL))


def head(path: Path) -> dict[str, str]:
    """The first words of the lines at the top of a file, each with what is said of it."""
    found: dict[str, str] = {}
    last = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            return found
        if match := HEAD.match(line):
            last = match[1]
            found[last] = match[2]
        elif line.startswith("--   "):
            found[last] += " " + line.removeprefix("--").strip()
    return found


def body(path: Path) -> str:
    """The statements, without comments and texts."""
    text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


def listed(said: str) -> list[str]:
    """The names of a list such as `a, b (what it is); what else there is to say`."""
    return [name.strip() for name in re.sub(r"\([^)]*\)", "", said).partition(";")[0].split(",")]


def relations(statement: str) -> set[str]:
    """The relations that a statement reads and does not name itself."""
    lists = re.findall(r"(?<!distinct )\b(?:from|join)\s+(\w+(?:,\s*\w+)*)", statement)
    own = {*re.findall(r"(\w+) as \(", statement), *re.findall(r"macro (\w+)", statement)}
    return {name.strip() for listing in lists for name in listing.split(",")} - own


@pytest.fixture(scope="module")
def stores() -> Iterator[duckdb.DuckDBPyConnection]:
    """The stage after its run over three stores: the second has an inactive poll in one interval, the third in none."""
    keys = PollKeys.over(HORIZON)
    polls = ((0, WEEK_US, True), (0, WEEK_US + HOUR_US, False), (1, WEEK_US, False))
    intervals = ((store, day * DAY_US, day * DAY_US + HOUR_US) for store in range(3) for day in (2, 7))
    codes = pl.DataFrame({"code": [0, 1, 2]}, schema={"code": pl.UInt32})
    partition = Partition(keys, packed(keys, *polls), on_line(keys, *intervals), codes)
    with database(Limits(threads=1)) as db, stage(db, partition, last_week(HORIZON), HORIZON, DAY_US) as (run, found):
        register_edges(run, changes(partition.intervals, partition.polls, 2 * DAY_US), found, partition.intervals)
        for step in STEPS:
            run.execute(statement("store_uptime.pipeline.uptime", step))
        yield run


def test_the_steps_are_the_files() -> None:
    assert {"macros", *STEPS} == {path.stem for path in SQL.glob("*.sql")}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_a_head_that_is_its_contract(step: str) -> None:
    assert list(head(SQL / f"{step}.sql"))[:3] == [step, "needs", "gives"]


@pytest.mark.parametrize("step", STEPS)
def test_a_relation_has_the_columns_that_its_head_names(step: str, stores: duckdb.DuckDBPyConnection) -> None:
    assert stores.sql(f"from {step}").columns == listed(head(SQL / f"{step}.sql")["gives"])


@pytest.mark.parametrize("step", STEPS)
def test_a_step_reads_what_its_head_names_and_what_is_there_by_then(step: str) -> None:
    needs = set(listed(head(SQL / f"{step}.sql")["needs"]))
    assert relations(body(SQL / f"{step}.sql")) == needs
    assert needs <= GIVEN | {*STEPS[: STEPS.index(step)]}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_makes_the_relation_of_its_name(step: str) -> None:
    *_, last = body(SQL / f"{step}.sql").strip().removesuffix(";").split(";")
    assert re.match(rf"create or replace temp (table|view) {step} as\n", last.strip())


def test_unique_means_unique(stores: duckdb.DuckDBPyConnection) -> None:
    for step in STEPS:
        said = re.search(r"; unique on ([\w, ]+)", head(SQL / f"{step}.sql")["gives"])
        if said:
            rows = stores.sql(f"select count(*), count(distinct ({said[1]},)) from {step}").fetchall()
            assert rows[0][0] == rows[0][1] > 0, step


def test_microseconds_are_int64(stores: duckdb.DuckDBPyConnection) -> None:
    for step in STEPS:
        found = stores.sql(f"from {step}")
        types = {str(kind) for name, kind in zip(found.columns, found.types, strict=True) if name.endswith("_us")}
        assert types <= {"BIGINT"}, step


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_fits_a_screen_and_shouts_nothing(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    assert body(path) == body(path).lower()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_a_file_gives_is_named(path: Path) -> None:
    assert "select *" not in body(path)


@pytest.mark.parametrize("path", [*SQL.glob("load/*.sql"), *SQL.glob("postgres/*.sql")], ids=named)
def test_a_statement_says_in_its_first_line_what_it_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(rf"-- {path.stem}: \w", first)


@pytest.mark.parametrize(
    ("folder", "modules"), [("load", "load*.py"), ("postgres", "source/*.py")], ids=["load", "postgres"]
)
def test_every_statement_is_used(folder: str, modules: str) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SQL.parent.glob(modules))
    used = set(re.findall(rf'"(?:{folder}/)?(\w+)"', code))
    assert [path.stem for path in SQL.glob(f"{folder}/*.sql") if path.stem not in used] == []

"""The docs are true: their examples run, and nothing that the program knows is missing from them."""

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Gauge, Histogram

import store_uptime
from docs.calls import ADDRESS, answers, calls
from store_uptime.pipeline import LISTS, write_sample
from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.data_warnings import WARNING_CODES
from store_uptime.pipeline.embedded.server import embedded_server
from store_uptime.pipeline.report.figures import EXTENDED, HEADINGS
from store_uptime.pipeline.tables import COLUMNS, VARIANTS
from store_uptime.service.app import HANDLERS
from store_uptime.service.cli.main import app
from store_uptime.service.front.problem_types import all_problem_types
from store_uptime.service.observability import metrics
from store_uptime.service.routes import problem_responses
from tests.support.feeds import called
from tests.support.postgres import open_folder

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {path: path.read_text(encoding="utf-8") for path in DOCS}
EVERYTHING = "\n".join(TEXT.values())
ELSEWHERE = ("postgresql://", "pip", "uv ", "serve")  # what an example needs that a test has not
API = ROOT / "docs" / "api.md"
COMMANDS = [name for name in app.resolved_commands() if not name.startswith("-")]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """The files of the repository that are text, those about to be added too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is not a git repository")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


# Examples -------------------------------------------------------------------------------------------------------------


def examples(path: Path) -> list[str]:
    """The commands of a page, in their order: lines that begin with `$ ` in `console` blocks."""
    blocks = re.findall(r"^```console\n(.*?)^```", TEXT[path], re.MULTILINE | re.DOTALL)
    found = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [line for line in found if not any(word in line for word in ELSEWHERE)]


@dataclass(frozen=True)
class Shown:
    """What a page says that a command prints: some lines, and rows of a table, each with some of the columns."""

    lines: list[str]
    rows: list[dict[str, str]]


def shown_by(path: Path) -> dict[str, Shown]:
    """What stands below the commands of a page: in their blocks, and in the tables before the next block."""
    found = {}
    for block, below in re.findall(r"^```console\n(.*?)^```$(.*?)(?=^```|\Z)", TEXT[path], re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *printed = part.splitlines()
            found[line] = Shown(printed, list(table_rows(below)))
    return found


def table_rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of the tables of a text, by their headings."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        yield from (dict(zip(names, cells, strict=True)) for cells in rows)


def check_shown(line: str, shown: Shown, done: subprocess.CompletedProcess[bytes]) -> None:
    """Raises AssertionError where a command has not printed what a page shows."""
    printed = [line.split() for line in (done.stdout + done.stderr).decode().splitlines()]
    assert [each for each in shown.lines if each.split() not in printed] == []
    values = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    columns = set(values[0]) if values else set()
    rows = [row for row in shown.rows if columns & row.keys()]
    assert [row for row in rows if not any(row.items() <= each.items() for each in values)] == []
    if "--longest" in line:  # those that are shown are the first ones
        assert [row for row, each in zip(rows, values, strict=False) if not row.items() <= each.items()] == []


def placed(line: str, folder: Path) -> list[str]:
    """A command with a store of the sample where the page says STORE."""
    polls = folder / "feed" / "store_status.csv"
    store = polls.read_text(encoding="utf-8").splitlines()[1].partition(",")[0] if polls.exists() else ""
    program, *arguments = shlex.split(line.replace("STORE", store))
    assert program == "store-uptime"
    return arguments


@pytest.mark.parametrize("path", [path for path in DOCS if examples(path) and path != API], ids=named)
def test_the_examples_of_a_page_run_one_after_the_other(path: Path) -> None:
    with open_folder() as folder, embedded_server(folder / "data"):  # started once, not by each example
        if not any("store-uptime sample feed" in line for line in examples(path)):
            write_sample(folder / "feed", stores=20, days=9)
        for line in examples(path):
            done = called(*placed(line, folder), cwd=folder, STORE_UPTIME_DATA_DIR=str(folder / "data"))
            assert done.returncode == 0, f"{line}\n{done.stderr.decode()}"
            check_shown(line, shown_by(path)[line], done)


def test_the_month_by_hand_is_the_one_of_the_cases() -> None:
    of_page = [row for row in table_rows(TEXT[ROOT / "docs" / "periods.md"]) if {"why", "elapsed"} & row.keys()]
    whole, by_day, _ = json.loads((ROOT / "docs" / "cases" / "worked_month.json").read_text(encoding="utf-8"))
    [month] = csv.DictReader(whole["expected"]["stores"])
    days = {row["period"]: row for row in csv.DictReader(by_day["expected"]["stores"])}
    shown = {"business": "business", "up": "uptime", "down": "downtime", "unknown": "unknown"}
    polls = polls_by_date(whole["store_status"])
    for row in of_page[:-4]:
        day = row["date"].split()[-1]
        assert {name: row[name] for name in shown} == {
            name: (month if day == "2024-02" else days[day])[column] for name, column in shown.items()
        }
        assert day == "2024-02" or row["polls"] == polls.pop(day, "none")
    assert polls == {}
    assert sum(float(day["business"]) > 0 for day in days.values()) == len(of_page) - 4 - 2  # a date is closed
    outages = csv.DictReader(whole["expected"]["outages"])
    names = ("start_local", "end_local", "business_hours", "elapsed_hours", "starts_because", "ends")
    assert [list(row.values()) for row in of_page[-4:]] == [
        [row[name].removesuffix("+01:00") for name in names] for row in outages
    ]


def polls_by_date(lines: list[str]) -> dict[str, str]:
    """The polls of a case on the clock of Berlin in winter, as the page has them: 18:00 +, 19:00 -."""
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(lines):
        local = datetime.fromisoformat(row["timestamp_utc"]).astimezone(timezone(timedelta(hours=1)))
        found.setdefault(f"{local:%Y-%m-%d}", []).append(f"{local:%H:%M} {'+' if row['status'] == 'active' else '-'}")
    return {day: ", ".join(polls) for day, polls in found.items()}


@pytest.mark.long
def test_the_calls_of_the_api_page_are_answered_as_it_says(database: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl to run the examples with")
    shown = dict(calls(TEXT[API]))
    for line, answer in answers(list(shown), database, tmp_path):
        assert alike(values(shown[line]), values(answer)), f"{line}\n{answer}"


def values(answer: str) -> Any:
    """An answer as JSON has it; of events, theirs; else its lines without their figures, of which not all are shown."""
    with suppress(json.JSONDecodeError):
        return json.loads(answer or "null")
    if answer.startswith("event: "):
        return [json.loads(line.removeprefix("data: ")) for line in answer.splitlines() if line.startswith("data: ")]
    return {re.sub(r"[0-9]+(\.[0-9]+)?", "0", line) for line in answer.splitlines()} - {"…"}


def alike(shown: Any, given: Any) -> bool:
    """Whether an answer has the members, and these the types, of one that is shown; of lists the first value counts."""
    match shown, given:
        case dict(), dict():
            return shown.keys() == given.keys() and all(alike(shown[name], given[name]) for name in shown)
        case list(), list():
            return not (shown and given) or alike(shown[0], given[0])
        case set(), set():
            return shown <= given
        case (None, _) | (_, None):
            return True
        case int() | float(), int() | float():
            return True
        case _:
            return type(shown) is type(given)


def test_every_call_of_the_service_has_an_example() -> None:
    shown = {(method_of(line), re.sub(r"\?.*", "", address_of(line))) for line, _ in calls(TEXT[API])}
    served = {
        (method, re.sub(r"{[^}]*}", "[^/]+", path))
        for handler in HANDLERS
        if handler.include_in_schema is not False
        for path in handler.paths
        for method in handler.http_methods
    }
    assert {
        call for call in served if not any(call[0] == how and re.fullmatch(call[1], at) for how, at in shown)
    } == set()


def address_of(line: str) -> str:
    """Where a call goes, without the server."""
    return next(word for word in shlex.split(line) if word.startswith(ADDRESS)).removeprefix(ADDRESS)


def method_of(line: str) -> str:
    """How a call of curl asks."""
    words = shlex.split(line)
    return words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET"


def test_there_are_examples() -> None:
    assert len(examples(ROOT / "README.md")) >= 3
    assert len(examples(API)) >= 10


PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", [path for path in DOCS if PYTHON.search(TEXT[path])], ids=named)
def test_the_python_of_a_page_runs_from_top_to_bottom(path: Path) -> None:
    with open_folder() as folder:
        write_sample(folder / "feed", stores=20, days=9)
        program = "\n".join(PYTHON.findall(TEXT[path]))
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_what_a_report_prints_is_what_the_page_of_python_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path / "feed", stores=20, days=9)
    monkeypatch.chdir(tmp_path)
    report = store_uptime.build_report("feed", store_uptime.Options(max_gap="2h"))
    days = store_uptime.build_periods("feed", store_uptime.Period("last-week", by="day"))
    for shown in (str(report), str(days)):
        assert shown.count("\n") == 2
        assert [line for line in shown.splitlines() if f"    {line}\n" not in TEXT[ROOT / "docs" / "python.md"]] == []


# Nothing is missing ---------------------------------------------------------------------------------------------------


def options() -> Iterator[str]:
    """Every option of every command."""
    groups = [app[name] for name in COMMANDS if app[name].default_command is None]
    commands = [app[name] for name in COMMANDS if app[name].default_command is not None]
    below = [group[name] for group in groups for name in group.resolved_commands() if not name.startswith("-")]
    for owner in (app.meta, *commands, *below):
        collection = owner.assemble_argument_collection()
        yield from (argument.names[0] for argument in collection if argument.index is None and argument.show)


def settings() -> set[str]:
    """The variables that the code reads by name."""
    code = [path for package in ("pipeline", "service") for path in (ROOT / package).rglob("*.py")]
    read = re.compile(r"""environ(?:\.get\(|\[)["'](\w+)["']""")
    return {name for path in code for name in read.findall(path.read_text(encoding="utf-8"))}


def missing(names: Iterator[str] | list[str] | set[str]) -> list[str]:
    """Those that no page has as code."""
    return sorted(
        name for name in set(names) if not re.search(rf"`[^`\n]*(?<![\w-]){re.escape(name)}(?![\w-])", EVERYTHING)
    )


def test_every_option_is_in_the_docs() -> None:
    assert missing(options()) == []


def test_every_setting_is_in_the_docs() -> None:
    assert settings() >= {"DATABASE_URL", "STORE_UPTIME_DATA_DIR"}
    assert missing(settings()) == []


def test_every_command_is_in_the_docs() -> None:
    assert missing([f"store-uptime {name}" for name in COMMANDS]) == []


def test_every_address_of_the_service_is_in_the_docs() -> None:
    addresses = {re.sub(r"{[^}]*}", "ID", path) for handler in HANDLERS for path in handler.paths}
    assert missing(addresses) == []


def test_every_metric_is_in_the_docs() -> None:
    found = [metric for metric in vars(metrics).values() if isinstance(metric, Gauge | Histogram)]
    assert len(found) >= 5
    assert missing([described.name for metric in found for described in metric.describe()]) == []


def test_every_status_of_a_problem_is_in_the_docs() -> None:
    rows = re.findall(r"^\| ([0-9, ]+) \|", TEXT[API], re.MULTILINE)
    listed = {int(number) for row in rows for number in row.split(", ")}
    assert set(all_problem_types().values()) | set(problem_responses.ALWAYS) <= listed


def test_every_type_of_a_problem_is_in_the_docs_with_its_status() -> None:
    rows = re.findall(r"^\| `(/problems/[a-z-]+)` \| ([0-9]+) \|", TEXT[ROOT / "docs" / "problems.md"], re.MULTILINE)
    assert len(rows) == len(all_problem_types())
    assert {kind: int(status) for kind, status in rows} == all_problem_types()


def test_every_column_that_is_written_is_in_the_docs() -> None:
    assert missing([*EXTENDED, *(HEADINGS[name] for name in EXTENDED[1:7])]) == []


def test_every_column_that_is_read_is_in_the_docs() -> None:
    assert missing([name for table, columns in COLUMNS.items() for name in (table, *columns)]) == []
    assert missing([name for name in VARIANTS if name != "dayofweek"]) == []  # what PostgreSQL makes of dayOfWeek


def test_every_list_of_stores_is_in_the_docs() -> None:
    assert missing([*LISTS, "duplicates", "contradictory"]) == []


def test_the_codes_of_the_warnings_are_those_in_the_docs() -> None:
    section = (ROOT / "docs/semantics.md").read_text().partition("### Warnings")[2].partition("\n#")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    assert sorted(re.findall("`([a-z-]+)`", "".join(rows))) == sorted(WARNING_CODES)


def test_every_step_of_the_stage_is_in_the_docs() -> None:
    assert missing({path.stem for path in (ROOT / "pipeline" / "uptime" / "sql").glob("*.sql")} - {"macros"}) == []


def test_every_reason_of_a_rejected_row_is_in_the_docs() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \|", TEXT[ROOT / "docs" / "semantics.md"], re.MULTILINE)
    assert set(Reason) <= set(rows)


def test_the_public_names_that_are_used_exist_and_the_page_of_python_uses_all() -> None:
    used = re.findall(r"^from store_uptime import (.*)$", EVERYTHING, re.MULTILINE)
    names = {name.strip() for line in used for name in line.split(",")}
    assert names <= set(store_uptime.__all__)
    examples_of_all = "\n".join(PYTHON.findall(TEXT[ROOT / "docs" / "python.md"]))
    assert [name for name in dir(store_uptime) if not re.search(rf"\b{name}\b", examples_of_all)] == []


# Nothing leads nowhere ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCS, ids=named)
def test_relative_links_lead_to_a_file_and_to_a_heading_in_it(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", TEXT[path])
    relative = [((path.parent / link).resolve() if link else path, anchor) for link, anchor in links if ":" not in link]
    assert [named(target) for target, _ in relative if not target.exists()] == []
    found = {target: anchors(target) for target, anchor in relative if anchor}
    assert [(named(target), anchor) for target, anchor in relative if anchor and anchor not in found[target]] == []


def anchors(page: Path) -> set[str]:
    """The names of a page's headings in links, as GitHub makes them; of two that are alike the first is meant."""
    without_code = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", without_code, re.MULTILINE)
    }


def test_what_the_code_cites_of_the_semantics_is_a_section_there() -> None:
    sections = set(re.findall(r"^#+ (.*)$", TEXT[ROOT / "docs" / "semantics.md"], re.MULTILINE))
    code = [path for ending in ("*.py", "*.sql") for path in (ROOT / "pipeline").rglob(ending)]
    cited = {name for path in code for name in re.findall(r'docs/semantics\.md, "([^"]+)"', content(path))}
    assert cited - sections == set()
    assert len(cited) >= 5


def test_paths_that_the_docs_name_exist() -> None:
    paths = set(re.findall(r"`((?:pipeline|service|tests|docs|benches|\.ci)/[\w./*-]*\w)`", EVERYTHING))
    assert [name for name in sorted(paths) if not list(ROOT.glob(name))] == []


# Nothing is from elsewhere --------------------------------------------------------------------------------------------

HOSTS = ["pypi." + "org", "pythonhosted." + "org", "registry." + "npmjs"]
HERE = re.compile(r"(?<![\w.$}])/(?:" + "|".join(["wor" + "k", "roo" + "t", "home/[a-z]+"]) + r")/")


def test_no_file_names_a_host_of_packages() -> None:
    found = {(named(path), host) for path in tracked() for host in HOSTS if host in content(path)}
    assert found == set()


def test_no_file_names_a_folder_of_the_machine_that_it_was_written_on() -> None:
    assert {named(path): match[0] for path in tracked() if (match := HERE.search(content(path)))} == {}


def test_no_file_reaches_out_of_the_repository() -> None:
    climbing = {
        named(path): climbed
        for path in tracked()
        for climbed in re.findall(r"(?:\.\./)+\w", content(path))
        if climbed.count("../") >= len(path.relative_to(ROOT).parts)
    }
    assert climbing == {}


def content(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def test_no_file_is_left_that_only_this_machine_can_use() -> None:
    assert [named(path) for path in tracked() if path.is_symlink() and os.path.isabs(path.readlink())] == []  # noqa: PTH117

"""The statements of the registry beside their functions, over a real PostgreSQL."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

import psycopg
import pytest
from psycopg import postgres

from store_uptime import service
from store_uptime.service.registry import statements as module
from store_uptime.service.registry.connection import execute_statement
from store_uptime.service.registry.grants import EVERYTHING, Grant
from store_uptime.service.registry.migrations import migrate
from store_uptime.service.registry.queue import claim, release
from store_uptime.service.registry.reports import ReportRow
from store_uptime.service.registry.rows import NoRow, StoredOptions
from store_uptime.service.registry.statements import FOLDER, HEAD, Statement, statements
from store_uptime.service.registry.states import STATUSES, DeliveryState, ReportState, states_of
from tests.support.postgres import fresh_database, run

SERVICE = Path(service.__file__).parent
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
NOW = datetime(2026, 3, 10, tzinfo=UTC)
SAMPLES: dict[object, object] = {
    str: "1",
    int: 1,
    float: 1.0,
    bool: True,
    StoredOptions: {},
    bytes: b"1",
    datetime: NOW,
    timedelta: timedelta(1),
    Grant: EVERYTHING,
}
TYPES: dict[str, type] = {
    "text": str,
    "int4": int,
    "int8": int,
    "float8": float,
    "bool": bool,
    "bytea": bytes,
    "timestamptz": datetime,
    "interval": timedelta,
    "jsonb": dict,
    "_text": list,
}
"""What psycopg makes of the types of PostgreSQL."""


def sample(hint: Any) -> Any:
    """A value of a type."""
    if is_dataclass(hint) and hint not in SAMPLES:
        hints = get_type_hints(hint)
        return cast("type[Any]", hint)(**{each.name: sample(hints[each.name]) for each in fields(hint)})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return sample(arguments[0])
    if origin is list:
        return [sample(arguments[0])]
    if hint in SAMPLES:
        return SAMPLES[hint]
    return arguments[0] if origin is Literal else next(iter(hint))


@cache
def built() -> dict[str, Statement[Any]]:
    """What the functions of all subjects build from some values, by the name of the function."""
    subjects = (
        import_module(f"{module.__package__}.{path.stem}") for path in Path(module.__file__).parent.glob("*.py")
    )
    functions = {name: each for subject in subjects for name, each in inspect.getmembers(subject, inspect.isfunction)}
    hints = {name: get_type_hints(each) for name, each in functions.items()}
    return {
        name: each(**{parameter: sample(hint) for parameter, hint in hints[name].items() if parameter != "return"})
        for name, each in functions.items()
        if get_origin(hints[name].get("return")) is Statement
    }


@pytest.fixture(scope="module")
def connection(server: str) -> Iterator[psycopg.Connection]:
    with fresh_database(server) as url:
        migrate(url)
        with psycopg.connect(url) as opened:
            yield opened


def test_each_statement_has_one_function_of_its_name_and_each_function_its_statement() -> None:
    heads = [name for path in FOLDER.glob("*.sql") for name in HEAD.findall(path.read_text(encoding="utf-8"))]
    assert sorted(heads) == sorted(statements())
    assert {name: statement.name for name, statement in built().items()} == {name: name for name in statements()}


def test_each_statement_is_used() -> None:
    used: set[str] = set()
    for path in SERVICE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call):
                used.add(getattr(call.func, "id", getattr(call.func, "attr", "")))
    assert set(statements()) - used == set()


@pytest.mark.parametrize("name", statements())
def test_the_values_of_a_function_are_those_that_its_statement_takes(name: str) -> None:
    assert set(built()[name].values) == set(PLACEHOLDER.findall(statements()[name]))


@pytest.mark.parametrize("name", statements())
def test_the_columns_of_a_statement_are_the_fields_of_its_rows_in_order_and_type(
    connection: psycopg.Connection, name: str
) -> None:
    row = built()[name].row
    hints = get_type_hints(row)
    columns = described(connection, name)
    assert [column for column, _ in columns] == [field.name for field in fields(row)]
    assert {column: kind for column, kind in columns if not fits(hints[column], kind)} == {}
    assert bool(columns) == (row is not NoRow)


def described(connection: psycopg.Connection, name: str) -> list[tuple[str, str]]:
    """The columns of a statement and their types, as PostgreSQL describes it without running it."""
    numbers = {value: number for number, value in enumerate(built()[name].values, start=1)}
    numbered = PLACEHOLDER.sub(lambda match: f"${numbers[match[1]]}", statements()[name]).replace("%%", "%")
    connection.rollback()
    prepared = connection.pgconn.prepare(b"", numbered.encode())
    assert not prepared.error_message, prepared.error_message.decode()
    found = connection.pgconn.describe_prepared(b"")
    return [((found.fname(index) or b"").decode(), type_name(found.ftype(index))) for index in range(found.nfields)]


def type_name(oid: int) -> str:
    kind = postgres.types[oid]
    return f"_{kind.name}" if oid == kind.array_oid else kind.name


def fits(hint: Any, kind: str) -> bool:
    """Whether a field can hold what a column does: the type itself, or words of it."""
    alternatives = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return all(issubclass(plain(each), TYPES[kind]) for each in alternatives if each is not type(None))


def plain(hint: Any) -> type:
    """The class of the values of a type."""
    if get_origin(hint) is Literal:
        return type(get_args(hint)[0])
    return dict if is_typeddict(hint) else get_origin(hint) or hint


def test_no_statement_takes_whatever_columns_there_are() -> None:
    text = "".join(statements().values())
    assert not re.search(r"(select|returning)\s+(\w+\.)?\*|,\s*\w+\.\*", text)


def test_the_words_of_states_are_those_of_the_tables(server: str) -> None:
    with fresh_database(server) as url:
        migrate(url)
        definitions = run(
            url,
            "select string_agg(pg_get_constraintdef(oid), ' ') from pg_constraint where contype = 'c' "
            "and conname in ('report_status_check', 'delivery_status_check', 'delivery_kind_check')",
        )[0][0]
    for state in (*ReportState, *DeliveryState):
        assert f"'{state}'" in definitions


def test_a_state_has_one_word_from_the_table_to_the_page() -> None:
    assert {state for status in STATUSES.values() for state in states_of(status)} == set(states_of(""))
    assert set(states_of("")) == set(ReportState) - {ReportState.REMOVED}


def test_a_row_holds_states_and_not_their_texts() -> None:
    read = replace(sample(ReportRow), status="running")  # as psycopg gives it
    assert read.status is ReportState.RUNNING


CLAIM_OF_THE_VERSION_BEFORE = (
    "update store_uptime.report set status = 'running', run = 'theirs', runs = runs + 1, made_by = 'before', "
    "started_at = now(), lease_until = now(), step = 'starting', error = null where status = 'queued' returning id"
)


def test_a_server_of_the_version_before_leaves_reports_by_periods_to_those_that_know_them(server: str) -> None:
    with fresh_database(server) as url:
        migrate(url)
        queued = "insert into store_uptime.report (id, options, client) values ('{}', '{}', '')"
        plain, periods = "1" * 32, "2" * 32
        run(url, queued.format(plain, "{}"), queued.format(periods, '{"period": {"name": "7d"}}'))
        assert run(url, CLAIM_OF_THE_VERSION_BEFORE) == [(plain,)]
        with psycopg.connect(url, autocommit=True) as connection:

            def claimed() -> list[str]:
                return [row.id for row in execute_statement(connection, claim("ours", timedelta(0), "this"))]

            assert claimed() == [periods]
            assert execute_statement(connection, release(["ours"])) == []
            assert run(url, CLAIM_OF_THE_VERSION_BEFORE) == []  # nor one that another has had before
            assert claimed() == [periods]

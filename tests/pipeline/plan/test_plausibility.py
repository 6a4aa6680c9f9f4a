"""What is probably wrong with a source: each warning of docs/semantics.md, and the border at which it begins."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store_uptime.pipeline import (
    AllPollsRejected,
    NoPolls,
    Options,
    Report,
    archive,
    build_report,
    build_timeline,
    open_source,
    polled_stores,
    rejected_tables,
    restore,
)
from store_uptime.pipeline.data_warnings import KINDS, WARNING_CODES, DataWarning, FilesPassedOver, age_in_words
from store_uptime.pipeline.errors import NewestPollsRejected, NoPollsInHorizon, OnlyPollRejected
from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.mapping.mapping_rules import TimestampUnit
from tests.support.feeds import HOURS, POLLS, ZONES, frames, lines, written_feed
from tests.support.postgres import run

NOON = datetime(2024, 10, 14, 12, tzinfo=UTC)
GIVEN = Options(now=NOON)
NEW, OLD = "2024-10-14 12:00:00,active", "2024-10-12 12:00:00,active"


@dataclass(frozen=True)
class Case:
    """Rows, and the codes that they lead to; hours and zones are those of the polled stores unless they are given."""

    polls: list[str]
    codes: list[str] = field(default_factory=list)
    hours: list[str] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)


def polls(number: int) -> list[str]:
    """A poll of so many stores: s1, s2 and so on."""
    return [f"s{n},{NEW}" for n in range(1, number + 1)]


def hours(number: int) -> list[str]:
    """The same of hours."""
    return [f"s{n},0,09:00,17:00" for n in range(1, number + 1)]


def zones(number: int) -> list[str]:
    """The same of zones."""
    return [f"s{n},UTC" for n in range(1, number + 1)]


UUID = "0a1b2c3d-0000-4000-8000-00000000000e"
CASES = {
    "nothing is odd": Case(polls(3), hours=hours(3), zones=zones(3)),
    "half of the stores have a poll in the day before now": Case([f"a,{NEW}", f"b,{OLD}"]),
    "fewer than half have one": Case([f"a,{NEW}", f"b,{OLD}", f"c,{OLD}"], ["few-recent-polls"]),
    "half of the zones' ids are polled": Case(polls(1), zones=["s1,UTC", "S2,UTC"]),
    "fewer than half of the zones' ids are": Case(polls(2), ["foreign-ids"], zones=["S1,UTC", "S2,UTC", "s2,UTC"]),
    "fewer than half of the hours' ids are": Case(polls(2), ["foreign-ids"], hours=["01,0,09:00,17:00"]),
    "one poll of 100 is rejected": Case([*polls(99), "x,soon,active"]),
    "one poll of 99 is": Case([*polls(98), "x,soon,active"], ["rejected-rows"]),
    "one row of hours of 100 is rejected": Case(polls(1), hours=[*["s1,1,09:00,17:00"] * 99, "s1,1,9 AM,17:00"]),
    "one row of hours of 99 is": Case(
        polls(1), ["rejected-rows"], hours=[*["s1,1,09:00,17:00"] * 98, "s1,1,9 AM,17:00"]
    ),
    "all zones are rejected": Case(polls(1), ["rejected-rows"], zones=[",UTC"]),
    "one store of 100 has unknown hours": Case(polls(100), hours=[*hours(99), "s100,1,9 AM,17:00"]),
    "one store of 99 has none that are known": Case(
        polls(99), ["unknown-hours"], hours=[*hours(98), *hours(2), "s99,1,9 AM,17:00"]
    ),
    "one store of 100 has an unknown zone": Case(polls(100), zones=["s1,Eastern Standard Time"]),
    "one store of 99 has": Case(polls(99), ["unknown-zones"], zones=["s1,Eastern Standard Time"]),
    "Sunday is 7 and Monday 1": Case(
        polls(1), ["rejected-rows", "weekdays-from-one"], hours=[f"s1,{day},09:00,17:00" for day in "1234567"]
    ),
    "Sunday is 7, with spaces around it": Case(
        polls(1), ["rejected-rows", "weekdays-from-one"], hours=["s1, 7 ,09:00,17:00", "s1,1,09:00,17:00"]
    ),
    "7 occurs beside 0": Case(polls(1), ["rejected-rows"], hours=[f"s1,{day},09:00,17:00" for day in "01234567"]),
    "7 occurs beside 0 in a row that is rejected": Case(
        polls(1), ["rejected-rows"], hours=["s1,7,09:00,17:00", "s1,0,9 AM,17:00", "s1,1,09:00,17:00"]
    ),
    "a spreadsheet has written a long id": Case([f"8.41954E+18,{NEW}"], ["spreadsheet-ids"]),
    "a spreadsheet has written an id of the zones": Case(
        polls(1), ["foreign-ids", "spreadsheet-ids"], zones=["1E+18,UTC"]
    ),
    "an id has become a decimal": Case([f"12345.0,{NEW}"], ["spreadsheet-ids"]),
    "ids that only look a little like it": Case([f"{name},{NEW}" for name in ("1.5", "12e45", "2.0.0", "E+18", UUID)]),
}


def report(case: Case, options: Options = GIVEN) -> Report:
    return build_report(
        frames(lines(POLLS, *case.polls), lines(HOURS, *case.hours), lines(ZONES, *case.zones)), options
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_there_is_a_warning_where_a_source_is_probably_wrong(case: Case) -> None:
    quality = report(case).quality
    assert (quality.warning_codes, len(quality.warnings)) == (case.codes, len(case.codes))


def test_every_kind_has_a_case_here_or_below() -> None:
    shown = {code for case in CASES.values() for code in case.codes}
    assert set(WARNING_CODES) - shown == {
        "unlikely-times",
        "old-data",
        "files-passed-over",
        "no-hours",
        "no-poll-in-horizon",
        "no-poll-in-period",
        "no-zones",
        "source-remark",
    }
    assert len(set(WARNING_CODES)) == len(KINDS)


# Old data -------------------------------------------------------------------------------------------------------------

TWO_HOURS, INSTANT = timedelta(hours=2), timedelta(microseconds=1)


@pytest.mark.parametrize(("late", "codes"), [(TWO_HOURS, []), (TWO_HOURS + INSTANT, ["old-data"])])
def test_data_is_old_more_than_two_hours_before_it_is_due(late: timedelta, codes: list[str]) -> None:
    found = report(Case(polls(1)), Options(until=NOON + late))
    assert found.quality.warning_codes == codes
    assert found.provenance["data_age_seconds"] == late.total_seconds()


def fresh(age: timedelta) -> list[str]:
    """A poll that was so long ago."""
    return [f"a,{datetime.now(UTC) - age:%Y-%m-%d %H:%M:%S.%f},active"]


@pytest.mark.parametrize(("age", "codes"), [(timedelta(hours=1, minutes=59), []), (TWO_HOURS, ["old-data"])])
def test_data_is_old_more_than_two_hours_before_the_clock(age: timedelta, codes: list[str]) -> None:
    found = report(Case(fresh(age)), Options())
    assert found.quality.warning_codes == codes
    assert 0 <= (found.provenance["data_age_seconds"] or 0) - age.total_seconds() < 50


def test_a_poll_a_little_ahead_of_the_clock_is_not_old() -> None:
    assert report(Case(fresh(timedelta(hours=-1))), Options()).provenance["data_age_seconds"] == 0


def test_a_now_that_is_given_is_never_old() -> None:
    found = report(Case(polls(1)))
    assert (found.quality.warning_codes, found.provenance["data_age_seconds"]) == ([], None)


def test_no_figure_follows_from_how_old_the_data_is() -> None:
    old, due = (report(CASES["nothing is odd"], options) for options in (Options(), Options(until=NOON)))
    assert old.csv("extended") == due.csv("extended")


def test_how_old_data_is_outlives_being_saved() -> None:
    kept = archive(report(Case(polls(1)), Options(until=NOON + timedelta(days=3))))
    found = restore(kept.figures)
    assert found.provenance["data_age_seconds"] == 3 * 86_400
    assert found.quality.warning_codes == ["old-data"]


AGES = {59: "0 minutes", 60: "1 minute", 7199: "119 minutes", 7200: "2 hours", 172_799: "47 hours", 172_800: "2 days"}


@pytest.mark.parametrize(("seconds", "words"), AGES.items())
def test_an_age_is_cut_at_its_unit(seconds: float, words: str) -> None:
    assert age_in_words(seconds) == words


# Sentences ------------------------------------------------------------------------------------------------------------

SENTENCES = {
    "few-recent-polls": (CASES["fewer than half have one"], "Only 1 of 3 stores has a poll in the day before now"),
    "rejected-rows": (
        CASES["one poll of 99 is"],
        "1 of 99 rows of polls was rejected for bad timestamp: timestamp_utc 'soon'.",
    ),
    "the value": (CASES["one poll of 99 is"], "for bad timestamp: timestamp_utc 'soon'."),
    "all of them": (
        CASES["all zones are rejected"],
        "The only row of zones was rejected for missing store id: an empty store_id.",
    ),
    "half of the polls": (
        Case([*polls(1), *(f"s{n},2024-10-14 12:00:00,online" for n in range(2))]),
        "2 of 3 rows of polls were rejected, most often for bad status (2), such as status 'online'. A mapping (--map) "
        'says which words mean what, with lines such as store_status.active = ["active", "online"].',
    ),
    "a bad time": (CASES["one row of hours of 99 is"], "start_time_local '9 AM' and end_time_local '17:00'"),
    "unknown-hours": (CASES["one store of 99 has none that are known"], "1 of 99 stores, 's99', has unknown hours"),
    "unknown-zones": (
        Case(polls(1), zones=["s1,Eastern Standard Time"]),
        "The only store has an unknown zone, 'Eastern Standard Time', and is taken as in",
    ),
    "unknown zones": (
        Case(polls(2), zones=["s1,X", "s2,X"]),
        "All 2 stores have an unknown zone, such as 'X', and are",
    ),
    "no store id of the zones": (
        Case(polls(1), zones=["s3,UTC"]),
        "The only store id in zones is not that of a polled",
    ),
    "none of the store ids": (
        Case(polls(1), zones=["3,UTC", "4,UTC"]),
        "None of the 2 store ids in zones is that of a",
    ),
    "one of the store ids": (
        CASES["fewer than half of the zones' ids are"],
        "Only 1 of the 3 store ids in zones is that",
    ),
    "no recent poll": (Case([f"a,{OLD}"]), "The only store does not have a poll in the day before now"),
    "no recent polls": (Case([f"a,{OLD}", f"b,{OLD}"]), "None of the 2 stores has a poll in the day before now"),
    "weekdays-from-one": (CASES["Sunday is 7 and Monday 1"], "menu_hours.monday = 1"),
    "spreadsheet-ids": (
        CASES["a spreadsheet has written a long id"],
        "1 store id in polls looks as a spreadsheet leaves it, '8.41954E+18': digits",
    ),
}


@pytest.mark.parametrize(("case", "says"), SENTENCES.values(), ids=SENTENCES)
def test_a_warning_says_how_many_and_which(case: Case, says: str) -> None:
    assert says in " ".join(report(case).quality.warnings)


FOREIGN = {
    "case": ("AB", "ab", "differ in case, 'AB' against 'ab'"),
    "padding": ("0042", "42", "differ in leading zeros, '0042' against '42'"),
    "spaces": ("ab ", "ab", "differ in spaces around them, 'ab ' against 'ab'"),
    "hyphens": (UUID.replace("-", ""), UUID, "differ in hyphens and braces"),
    "case and braces": (f"{{{UUID.upper()}}}", UUID, "differ in case, hyphens and braces"),
    "something else": ("x", "y", "are they written alike (case, padding)?"),
}


@pytest.mark.parametrize(("written", "polled", "says"), FOREIGN.values(), ids=FOREIGN)
def test_ids_of_another_form_are_told_with_the_form(written: str, polled: str, says: str) -> None:
    (warning,) = report(Case([f"{polled},{NEW}"], zones=[f"{written},UTC"])).quality.warnings
    assert says in warning


def test_a_rejected_row_is_told_with_its_line(tmp_path: Path) -> None:
    texts = {"polls": lines(POLLS, *polls(2), "c,soon,active"), "hours": lines(HOURS), "zones": lines(ZONES)}
    (warning,) = build_report(open_source(written_feed(tmp_path, **texts)), GIVEN).quality.warnings
    assert "line 4" in warning


# Unlikely times -------------------------------------------------------------------------------------------------------

SECONDS, MILLISECONDS = lines(POLLS, "a,1728907200,active"), lines(POLLS, "a,1728907200000,active")
RIGHT = {"s": 'timestamp_unit = "s" in the mapping it is 2024-10-14T12:00:00Z', "ms": 'timestamp_unit = "ms"'}


@pytest.mark.parametrize(
    ("text", "unit", "right"), [(SECONDS, "ms", "s"), (SECONDS, "us", "s"), (MILLISECONDS, "us", "ms")]
)
def test_a_unit_that_puts_the_polls_into_1970_is_told_with_the_right_one(
    text: str, unit: TimestampUnit, right: str
) -> None:
    source = frames(text)
    source.mapping = SourceMapping(timestamp_unit=unit)
    quality = build_report(source).quality
    assert quality.warning_codes == ["unlikely-times", "old-data"]
    assert RIGHT[right] in quality.warnings[0]
    with pytest.raises(NoPolls, match=f'timestamp_unit = "{right}" in the mapping'):
        build_report(source, GIVEN)


@pytest.mark.parametrize(
    ("year", "codes"), {1979: ["unlikely-times"], 1980: [], 2099: [], 2100: ["unlikely-times"]}.items()
)
def test_times_are_unlikely_before_1980_and_after_2099(year: int, codes: list[str]) -> None:
    polled = Case([f"a,{year}-07-01 12:00:00,active"])
    assert report(polled, Options(now=datetime(year, 7, 1, 12, tzinfo=UTC))).quality.warning_codes == codes


# Other kinds ----------------------------------------------------------------------------------------------------------


def test_a_store_without_a_poll_in_the_horizon_is_one() -> None:
    found = report(Case([f"a,{NEW}", "b,2024-01-01 12:00:00,active"]), Options(now=NOON, store="b"))
    assert found.quality.warning_codes == ["no-poll-in-horizon"]


def test_a_store_alone_is_not_told_of_ids_that_are_not_its_own() -> None:
    assert report(Case(polls(2), zones=["S1,UTC", "s2,UTC"]), Options(now=NOON, store="s1")).quality.warnings == []


def test_what_a_source_has_passed_over_is_one() -> None:
    source = frames(lines(POLLS, *polls(1)))
    remark: DataWarning = FilesPassedOver(1, ("notes.pdf: it is no table",))
    source.warnings.append(remark)
    quality = build_report(source, GIVEN).quality
    assert (quality.warnings, quality.warning_codes) == ([str(remark)], ["files-passed-over"])


def test_a_timeline_has_the_warnings_of_its_store() -> None:
    source = frames(lines(POLLS, *polls(1)), lines(HOURS, "s1,7,09:00,17:00"))
    found = build_timeline(source, "s1", GIVEN).warnings
    assert [text.partition(" ")[0] for text in found] == ["The", "The", "Weekday"]


# All polls rejected ---------------------------------------------------------------------------------------------------

REJECTED: dict[str, tuple[list[str], dict[str, int], str, str]] = {
    "words": (
        ["a,2024-10-14 12:00:00,online", "a,2024-10-14 13:00:00,online", "b,2024-10-14 12:00:00,offline"],
        {"bad status": 3},
        "status 'offline'",
        'store_status.active = ["online"] and store_status.inactive = ["offline"]',
    ),
    "words of which the commonest is not the one for active": (
        [f"{store},2024-10-14 12:00:00,{word}" for store, word in zip("abc", ("off", "on", "off"), strict=True)],
        {"bad status": 3},
        "status 'off'",
        'store_status.active = ["on"] and store_status.inactive = ["off"]',
    ),
    "words that nobody knows": (
        ["a,2024-10-14 12:00:00,foo"],
        {"bad status": 1},
        "status 'foo'",
        'store_status.active = ["…"] and store_status.inactive = ["…"]',
    ),
    "seconds": (["a,1728907200,active"], {"bad timestamp": 1}, "timestamp_utc '1728907200'", 'timestamp_unit = "s"'),
    "milliseconds": (["a,1728907200000,active"], {"bad timestamp": 1}, "'1728907200000'", 'timestamp_unit = "ms"'),
    "dates of another order": (
        ["a,10/14/2024 12:00,active"],
        {"bad timestamp": 1},
        "'10/14/2024 12:00'",
        "written like",
    ),
    "ahead of the clock": (["a,2924-10-14 12:00:00,active"], {"ahead of the clock": 1}, "'2924-10-14 12:00:00'", ""),
    "several reasons": (
        ["a,x,active", "a,y,active", ",2024-10-14 12:00:00,active"],
        {"bad timestamp": 2, "missing store id": 1},
        "timestamp_utc 'x'",
        "written like",
    ),
}


@pytest.mark.parametrize(("rows", "reasons", "value", "remedy"), REJECTED.values(), ids=REJECTED)
def test_where_no_poll_can_be_read_the_error_says_why(
    rows: list[str], reasons: dict[str, int], value: str, remedy: str
) -> None:
    with pytest.raises(AllPollsRejected) as caught:
        report(Case(rows), Options())
    error = caught.value
    assert (type(error), error.rows) == (OnlyPollRejected if len(rows) == 1 else AllPollsRejected, len(rows))
    assert error.reasons == reasons
    assert value in error.example
    assert remedy in error.remedy
    assert ("the only poll is" if len(rows) == 1 else f"all {len(rows)} polls are") + " rejected" in str(error)


def test_it_says_so_too_where_now_is_given() -> None:
    with pytest.raises(AllPollsRejected, match=r"the only poll is rejected for bad status: status 'online'"):
        report(Case(["a,2024-10-14 12:00:00,online"]))


def test_where_one_poll_of_another_time_can_be_read_it_names_that_time() -> None:
    with pytest.raises(NoPolls, match="its newest 2020-01-01") as caught:
        report(Case(["a,2020-01-01 12:00:00,active", "a,2024-10-14 12:00:00,online"]))
    assert type(caught.value) is NoPollsInHorizon


RUNS: dict[str, Callable[[Case], object]] = {
    "report": report,
    "timeline": lambda case: build_timeline(frames(lines(POLLS, *case.polls)), "a"),
    "stores": lambda case: polled_stores(frames(lines(POLLS, *case.polls))),
}


@pytest.mark.parametrize("made", RUNS.values(), ids=RUNS)
def test_every_run_says_so(made: Callable[[Case], object]) -> None:
    with pytest.raises(AllPollsRejected):
        made(Case(["a,2024-10-14 12:00:00,online"]))


OTHER_TABLES = (
    "create table menu_hours (store_id text, day_of_week int, start_time_local time, end_time_local time)",
    "create table timezones (store_id text, timezone_str text)",
)
DATABASES = {
    "words": ("timestamptz", "'2024-10-14 12:00Z', 'online'", {"bad status": 1}, "status 'online'"),
    "text": ("text", "'10/14/2024', 'active'", {"bad timestamp": 1}, "timestamp_utc '10/14/2024'"),
    "ahead of the clock": ("timestamp", "'2924-10-14 12:00', 'active'", {"ahead of the clock": 1}, "'2924-10-14"),
    "at no time": ("timestamptz", "'infinity', 'active'", {"bad timestamp": 1}, "timestamp_utc 'infinity'"),
}


@pytest.mark.parametrize(("kind", "row", "reasons", "says"), DATABASES.values(), ids=DATABASES)
def test_a_database_of_polls_that_cannot_be_read_says_the_same(
    database: str, kind: str, row: str, reasons: dict[str, int], says: str
) -> None:
    polled = f"create table store_status (store_id text, timestamp_utc {kind}, status text)"
    run(database, *OTHER_TABLES, polled, f"insert into store_status values ('a', {row})")
    with pytest.raises(AllPollsRejected) as caught:
        build_report(open_source(database))
    assert (type(caught.value), caught.value.rows, caught.value.reasons) == (OnlyPollRejected, 1, reasons)
    assert says in str(caught.value)


def test_of_whole_numbers_with_a_unit_it_is_the_words(database: str) -> None:
    polled = "create table store_status as select 'a' as store_id, 1728907200 as timestamp_utc, 'online' as status"
    run(database, *OTHER_TABLES, polled)
    with pytest.raises(AllPollsRejected, match="status 'online'"):
        build_report(open_source(database, mapping=SourceMapping(timestamp_unit="s")))


def test_of_a_database_no_more_is_looked_at_than_tells_why(database: str) -> None:
    polled = """create table store_status as
        select 'a' as store_id, at as timestamp_utc, 'online' as status
        from generate_series(timestamptz '2024-10-01', timestamptz '2024-10-14', '1 min') as at"""
    run(database, *OTHER_TABLES, polled)
    with pytest.raises(AllPollsRejected, match=r"all of the 10,000 polls that were looked at") as caught:
        build_report(open_source(database), GIVEN)
    assert (type(caught.value), caught.value.rows) == (NewestPollsRejected, 10_000)
    rejects = rejected_tables(open_source(database)).rejects
    assert {name: rows.height for name, rows in rejects.items()} == {"polls": 10_000, "hours": 0, "zones": 0}

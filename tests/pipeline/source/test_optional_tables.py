"""Dates of hours and zones, the table `stores`, and reasons of polls: docs/semantics.md, "Beyond the three windows"."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from store_uptime.pipeline import (
    Frames,
    Options,
    UnknownAttribute,
    build_periods,
    build_report,
    open_source,
    write_rejects,
)
from store_uptime.pipeline.clean.poll_reasons import poll_reasons
from store_uptime.pipeline.clean.split import CleanedTable, clean_hours, clean_zones
from store_uptime.pipeline.clean.stores import clean_stores
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.instants import instant_us
from store_uptime.pipeline.mapping.mapping import AS_NAMED, SourceMapping
from store_uptime.pipeline.options import Horizon
from store_uptime.pipeline.source.folder.own_files import PERIOD_HEADERS
from store_uptime.pipeline.source.protocol import Source
from tests.support.feeds import HOURS, POLLS, ZONES, called, lines, table, written_feed

POLL = "007,2024-10-14 11:00:00 UTC,active"
DATED_HOURS, DATED_ZONES = f"{HOURS},valid_from,valid_to", f"{ZONES},valid_from,valid_to"
FEED = {"polls": lines(POLLS, POLL), "hours": lines(HOURS, "007,0,09:00,17:00"), "zones": lines(ZONES, "007,Etc/UTC")}
SHIFT = "007,0,09:00,17:00"
DAY = (date(2024, 3, 10) - date(1970, 1, 1)).days


def feed(folder: Path, **files: str) -> Path:
    return written_feed(folder / "feed", **FEED | files)


def hours_of(source: Source) -> CleanedTable:
    with source.opened() as opened:
        return clean_hours(opened.hours(None), opened.codes, opened.mapping)


def zones_of(source: Source) -> CleanedTable:
    with source.opened() as opened:
        return clean_zones(opened.zones(None), opened.codes)


def stores_of(source: Source) -> CleanedTable:
    with source.opened() as opened:
        return clean_stores(opened.stores_table(), opened.codes)


def accepted(found: CleanedTable) -> list[dict[str, object]]:
    return found.accepted.with_columns(pl.col("store_id").cast(pl.String)).sort("store_id").to_dicts()


def days(found: CleanedTable) -> list[tuple[int | None, int | None]]:
    return found.accepted.select("from_day", "until_day").rows()


# Dates ----------------------------------------------------------------------------------------------------------------

DATES: dict[str, tuple[int | None, int | None] | None] = {
    ",": (None, None),
    " ,\t": (None, None),
    "2024-03-10,2024-03-11": (DAY, DAY + 1),
    " 2024-03-10\t,": (DAY, None),
    ",2024-03-10": (None, DAY),
    "0001-01-01,9999-12-31": (-719162, 2932896),
    "": (None, None),
    "2024-03-10,2024-03-10": None,
    "2024-03-11,2024-03-10": None,
    "0000-01-01,": None,
    "10000-01-01,": None,
    "2024-02-30,": None,
    "2024-3-10,": None,
    "2024-03-10 00:00:00,": None,
    "20240310,": None,
    "10.03.2024,": None,
    ",tomorrow": None,
    "bad,2024-03-10": None,
}


def test_a_date_is_iso_or_empty_and_rejects_its_row_if_not(tmp_path: Path) -> None:
    rows = [f"{number},0,09:00,17:00,{dates}".removesuffix(",") if not dates else f"{number},0,09:00,17:00,{dates}"
            for number, dates in enumerate(DATES)]  # fmt: skip
    zones = [f"{number},Etc/UTC,{dates}" if dates else f"{number},Etc/UTC" for number, dates in enumerate(DATES)]
    folder = feed(tmp_path, hours=lines(DATED_HOURS, *rows), zones=lines(DATED_ZONES, *zones))
    good = [dates for dates in DATES.values() if dates is not None]
    for found in (hours_of(open_source(folder)), zones_of(open_source(folder))):
        assert days(found) == good
        assert found.counts.rejected == {"bad date": len(DATES) - len(good)}
    rejects = build_report(folder).rejects["hours"]
    assert rejects.columns[-3:] == ["valid_from", "valid_to", "surplus"]
    assert rejects.select("valid_from", "valid_to").row(0) == ("2024-03-10", "2024-03-10")


TYPED: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "dates": lambda text: text.str.to_date(),
    "times at midnight": lambda text: text.str.to_datetime(time_unit="ms"),
    "times with a zone": lambda text: text.str.to_datetime(time_unit="ns").dt.replace_time_zone("Asia/Tokyo"),
    "bytes": lambda text: text.cast(pl.Binary),
    "categories": lambda text: text.cast(pl.Categorical),
}


@pytest.mark.parametrize("kind", TYPED)
def test_typed_dates_in_parquet_are_those_of_text(tmp_path: Path, kind: str) -> None:
    texts = table(lines(DATED_ZONES, "a,Etc/UTC,2024-03-10,2024-03-11", "b,Etc/UTC,2024-03-10,"))
    texts = texts.with_columns(pl.col("valid_to").replace("", None))
    folder = feed(tmp_path)
    (folder / "zones.csv").unlink()
    typed = texts.with_columns(TYPED[kind](pl.col("valid_from", "valid_to")))
    typed.write_parquet(folder / "zones.parquet")
    assert days(zones_of(open_source(folder))) == [(DAY, DAY + 1), (DAY, None)] == days(zones_of(framed(zones=typed)))


def test_a_time_that_is_not_midnight_is_no_date() -> None:
    rows = pl.DataFrame({"store_id": ["a"], "timezone_str": ["Etc/UTC"], "valid_to": [datetime(2024, 3, 10, 1)]})
    found = build_report(framed(zones=rows))
    assert found.quality.tables["zones"].rejected == {"bad date": 1}
    assert "valid_to '2024-03-10 01:00:00.000000'" in " ".join(found.quality.warnings)


def test_files_with_and_without_dates_lie_beside_each_other(tmp_path: Path) -> None:
    folder = feed(tmp_path, more=lines(f"{HOURS},valid_to", f"{SHIFT},2024-03-10", f"{SHIFT},x"))
    assert sorted(days(hours_of(open_source(folder))), key=str) == [(None, DAY), (None, None)]
    assert build_report(folder).rejects["hours"].columns[3:] == [*HOURS.split(","), "valid_to", "surplus"]


def test_a_date_may_be_what_a_folder_says(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    (folder / "hours.csv").unlink()
    written_feed(folder / "valid_from=2024-03-10", hours=FEED["hours"])
    assert days(hours_of(open_source(folder))) == [(DAY, None)]


def test_a_date_that_a_header_has_twice_is_not_guessed(tmp_path: Path) -> None:
    folder = feed(tmp_path, twice=lines(f"{DATED_HOURS},valid_from", f"{SHIFT},,,"))
    assert [str(warning) for warning in open_source(folder).warnings] == [
        "1 file was passed over: twice.csv (its header has a needed column more than once: valid_from)."
    ]


def test_rejected_dates_are_read_again_once_they_are_corrected(tmp_path: Path) -> None:
    folder = feed(
        tmp_path, hours=lines(DATED_HOURS, f"{SHIFT},2024-03-32,"), stores=lines("store_id,name,x", "7,A,", "7,B,")
    )
    write_rejects(build_report(folder), tmp_path / "rejects")
    for name in ("hours", "stores"):
        (folder / f"{name}.csv").write_text((tmp_path / "rejects" / f"{name}.csv").read_text().replace("-32", "-10"))
    assert days(hours_of(open_source(folder))) == [(DAY, None)]
    assert accepted(stores_of(open_source(folder))) == [{"store_id": "7", "name": "B", "x": None}]


def test_a_mapping_names_dates_reasons_and_stores(tmp_path: Path) -> None:
    mapping = SourceMapping(
        columns={
            "store_status": {"status": "reason"},
            "menu_hours": {"valid_from": "since", "valid_to": "until"},
            "stores": {"store_id": "shop", "name": "title"},
        }
    )
    folder = feed(
        tmp_path,
        polls=lines("store_id,timestamp_utc,reason", POLL),
        hours=lines(f"{HOURS},since,valid_to", f"{SHIFT},2024-03-10,never"),
        shops=lines("shop,title,name,store_id", "007,Seven,x,y"),
    )
    source = open_source(folder, mapping=mapping)
    assert days(hours_of(source)) == [(DAY, None)]
    assert accepted(stores_of(source)) == [{"store_id": "007", "name": "Seven"}]
    assert SourceMapping.from_dict(mapping.to_dict()) == mapping


# Stores ---------------------------------------------------------------------------------------------------------------


def framed(**given: pl.DataFrame) -> Frames:
    tables = {name: table(text) for name, text in FEED.items()} | given
    return Frames(tables["polls"], tables["hours"], tables["zones"], stores=given.get("stores"))


STORES = {
    "name": ("shops.csv", "store_id,name", True),
    "name and attributes": ("x.txt", "city,name,store_id", True),
    "the file's name": ("stores.csv", "store_id,brand", True),
    "the id alone": ("stores.csv", "store_id", True),
    "a number of the file": ("Stores_2024.csv", "store_id,brand", True),
    "the folder's name": ("stores/country=DE/part-0.csv", "store_id,brand", True),
    "a status of its own": ("stores.csv", "store_id,name,status", True),
    "no name at all": ("brands.csv", "store_id,brand", False),
    "another word": ("storestuff.csv", "store_id,brand", False),
    "polls whose time is called otherwise": ("feed.csv", "store_id,name,seen,status", False),
    "hours in a folder of stores": ("stores/hours.csv", "store_id,day,opens,closes", False),
    "a report by periods": ("a.csv", ",".join(PERIOD_HEADERS[0]), None),
    "a list of outages": ("b.csv", ",".join(PERIOD_HEADERS[2]), None),
    "a report": (
        "c.csv",
        "store_id,uptime_last_hour(minutes),uptime_last_day(hours),uptime_last_week(hours),name",
        None,
    ),
}


@pytest.mark.parametrize("case", STORES)
def test_a_file_is_one_of_stores_by_its_header_and_name(tmp_path: Path, case: str) -> None:
    name, header, is_stores = STORES[case]
    folder = feed(tmp_path)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines(header, "007" + "," * header.count(",")))
    source = open_source(folder)
    assert (path in source.files) == bool(is_stores)
    assert bool(source.warnings) == (is_stores is False)
    with source.opened() as opened:
        assert len(opened.stores_table()) == bool(is_stores)


def test_a_file_with_the_columns_of_another_table_is_that_table(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    (folder / "zones.csv").rename(folder / "stores.csv")
    found = build_report(folder)
    assert list(found.quality.tables) == ["polls", "hours", "zones"] == list(found.rejects)


TEXTS = {
    "plain": "store_id,name,Straße 7,select,file\n007,A,b c,1,x\n8,,,,\n",
    "BOM, semicolons, CRLF": "\ufeffstore_id;name;Straße 7;select;file\r\n007; A ;b c\t;1;x\r\n8;;;;\r\n",
    "quotes": '"store_id","name","Straße 7","select","file"\n"007","A","b c","1","x"\n8," ",,,\n',
    "short rows and a comma at the end": "store_id,name,Straße 7,select,file,\n007,A,b c,1,x,\n8\n",
    "a column twice": "store_id,name,Straße 7,two,two,select,file\n007,A,b c,1,2,1,x\n8,,,,,,\n",
    "repeats": "store_id,name,Straße 7,select,file\n007,A,b c,1,x\n8,,,,\n007, A,b c ,1,x\n8,\n",
}


@pytest.mark.parametrize("text", TEXTS)
def test_attributes_are_text_trimmed_under_their_own_names(tmp_path: Path, text: str) -> None:
    folder = feed(tmp_path, stores=TEXTS[text])
    assert accepted(stores_of(open_source(folder))) == [
        {"store_id": "007", "name": "A", "Straße 7": "b c", "select": "1", "file": "x"},
        {"store_id": "8", "name": None, "Straße 7": None, "select": None, "file": None},
    ]


def test_of_several_rows_the_first_counts(tmp_path: Path) -> None:
    folder = feed(
        tmp_path,
        stores=lines("store_id,name,file", "7,A,f", "7,B,g", "7,A,f", ",C,", "8,D,", "8,D,,x"),
        stores_1=lines("store_id,city", "7,Bonn", "9,Berlin"),
        stores_0=lines("store_id,name", "9,Nine"),
    )
    found = build_report(folder)
    assert found.quality.tables["stores"].rejected == {"missing store id": 1, "several rows": 3, "too many fields": 1}
    assert found.quality.tables["stores"].read == 9
    rows = found.rejects["stores"].select("file", "line", "reason", "store_id", "city", "attribute file")
    assert rows.rows() == [
        ("stores.csv", 3, "several rows", "7", None, "g"),
        ("stores.csv", 5, "missing store id", None, None, None),
        ("stores.csv", 7, "too many fields", "8", None, None),
        ("stores_1.csv", 2, "several rows", "7", "Bonn", None),
        ("stores_1.csv", 3, "several rows", "9", "Berlin", None),
    ]
    assert accepted(stores_of(open_source(folder)))[2] == {"store_id": "9", "name": "Nine", "city": None, "file": None}


def test_stores_in_parquet_are_typed(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "store_id": pl.Series([7, 8], dtype=pl.UInt64),
            "name": pl.Series(["A", None], dtype=pl.Categorical),
            "floor": [3.0, None],
            "is_new": [True, False],
            "tags": [["x"], []],
            "line": [b"a\xff", None],
        }
    )
    folder = feed(tmp_path)
    rows.write_parquet(folder / "stores.parquet")
    expected = [
        {"store_id": "7", "name": "A", "floor": "3", "is_new": "true", "line": "a\ufffd"},
        {"store_id": "8", "name": None, "floor": None, "is_new": "false", "line": None},
    ]
    assert accepted(stores_of(open_source(folder))) == expected == accepted(stores_of(framed(stores=rows)))


def test_stores_change_no_figure_and_are_named_in_the_quality(tmp_path: Path) -> None:
    plain = build_report(feed(tmp_path))
    found = build_report(feed(tmp_path, stores=lines("store_id,name", "007,A", "8,B")))
    assert found.csv() == plain.csv()
    assert found.quality.tables.pop("stores").accepted == 2
    assert found.quality.stores.pop("not_observed") == ["8"]
    assert found.quality.stores == {name: ids for name, ids in plain.quality.stores.items() if name != "not_observed"}
    assert replace(found.quality, stores={}) == replace(plain.quality, stores={})


def test_frames_of_stores_need_an_id() -> None:
    with pytest.raises(SourceMismatch, match="it needs store_id, each once"):
        framed(stores=pl.DataFrame({"name": ["A"]}))


def test_names_of_attributes_are_trimmed(tmp_path: Path) -> None:
    stores = lines("store_id, name , city ", "007,Café,Bonn")
    assert accepted(stores_of(open_source(feed(tmp_path, stores=stores)))) == [
        {"store_id": "007", "name": "Café", "city": "Bonn"}
    ]


def test_a_column_that_is_there_twice_is_left_out_and_named(tmp_path: Path) -> None:
    source = open_source(feed(tmp_path, stores=lines("store_id,name,city,brand,city ", "007,Café,Bonn,B,Rome")))
    assert accepted(stores_of(source)) == [{"store_id": "007", "name": "Café", "brand": "B"}]
    said = "The header of stores.csv has 'city' more than once, so that is left out: rename the columns."
    assert [str(warning) for warning in source.warnings] == [said]
    with pytest.raises(UnknownAttribute) as error:
        build_report(source, Options(only={"city": "Bonn"}))
    assert f"'name', 'brand'. {said} Choose one of these" in str(error.value)


def test_an_attribute_without_a_table_is_explained_by_what_was_passed_over(tmp_path: Path) -> None:
    folder = feed(tmp_path, shops=lines("id,city", "007,Bonn"))
    with pytest.raises(UnknownAttribute, match=r"there is no table stores.* 1 file was passed over: shops\.csv"):
        build_report(folder, Options(only={"city": "Bonn"}))
    with pytest.raises(UnknownAttribute, match=r"there is no table stores.* 1 file was passed over: shops\.csv"):
        build_periods(folder, "7d", Options(group_by=["city"]))


def test_text_that_is_not_utf_8_is_named_once(tmp_path: Path) -> None:
    folder = feed(tmp_path)
    (folder / "stores.csv").write_bytes("store_id,name,city\n007,Ann,Bonn\n008,Bob,Köln\n009,Zoë,\n".encode("latin-1"))
    found = "Stores have text that cannot be read, the first city 'K\ufffdln' in stores.csv, line 3: is its file UTF-8?"
    report = build_report(folder)
    assert (report.quality.warnings.count(found), report.quality.warning_codes.count("source-remark")) == (1, 1)
    (folder / "stores.csv").write_bytes("store_id,name,city\n008,Bob,Köln\n".encode())
    assert "source-remark" not in build_report(folder).quality.warning_codes


def test_nul_is_a_character_that_cannot_be_read(tmp_path: Path) -> None:
    stores = pl.DataFrame({"store_id": ["007"], "name": ["A\0"], "city": ["B\0nn"]})
    with framed(stores=stores).opened() as source:
        found = clean_stores(source.stores_table(), source.codes)
    assert accepted(found) == [{"store_id": "007", "name": "A\ufffd", "city": "B\ufffdnn"}]
    assert str(found.unreadable) == "name 'A\ufffd'"


# Reasons --------------------------------------------------------------------------------------------------------------

REASONS = [
    "007,2024-10-14 11:00:00 UTC,inactive, zebra ",
    "007,2024-10-14 11:00:00 UTC,inactive,apple",
    "007,2024-10-14 11:00:00 UTC,active,Apple",
    "007,2024-10-14 11:30:00 UTC,inactive, ",
    "007,2024-10-14 11:45:00 UTC,off,gone",
    "8,2024-10-14 12:00:00 UTC,INACTIVE,printer",
    "8,2024-10-14 12:00:00.000001 UTC,inactive,later",
    ",2024-10-14 12:00:00 UTC,inactive,nobody",
]


def test_reasons_are_those_of_inactive_polls_in_the_horizon(tmp_path: Path) -> None:
    text = lines(f"{POLLS},reason", *REASONS)
    typed = table(text).with_columns(pl.col("timestamp_utc").str.to_datetime("%Y-%m-%d %H:%M:%S%.f UTC", strict=False))
    folder = feed(tmp_path, polls=text, more=lines(POLLS, "9,2024-10-14 11:00:00 UTC,inactive"))
    now = instant_us(datetime.fromisoformat("2024-10-14T12:00:00Z"))
    horizon = Horizon(now - 3_600_000_000, now, None)
    for source in (open_source(folder), framed(polls=table(text)), framed(polls=typed)):
        with source.opened() as opened:
            found = poll_reasons(opened.reasons(horizon, None), opened.codes, horizon, AS_NAMED)
            rows = found.join(opened.codes.table, on="code").sort("store_id").select("store_id", "poll_us", "reason")
        assert rows.rows() == [("007", now - 3_600_000_000, "apple"), ("8", now, "printer")]


def test_a_source_without_reasons_has_none(tmp_path: Path) -> None:
    with open_source(feed(tmp_path)).opened() as opened:
        assert opened.reasons(Horizon(0, 1, None), None) == []
        assert opened.stores_table() == []


def test_the_reason_of_a_rejected_poll_is_ours(tmp_path: Path) -> None:
    folder = feed(tmp_path, polls=lines(f"{POLLS},reason", f"{POLL},", "7,2024-10-14 11:00:00 UTC,off,broken"))
    plain = feed(tmp_path / "plain", polls=lines(POLLS, POLL, "7,2024-10-14 11:00:00 UTC,off"))
    found = build_report(folder, Options())
    assert found.rejects["polls"].equals(build_report(plain).rejects["polls"])
    write_rejects(found, tmp_path / "rejects")
    (folder / "polls.csv").write_text((tmp_path / "rejects" / "polls.csv").read_text().replace(",off,", ",inactive,"))
    with open_source(folder).opened() as opened:
        assert opened.reasons(Horizon(0, 1, None), None) == []


# Output ---------------------------------------------------------------------------------------------------------------


def test_output_never_goes_over_a_file_of_stores(tmp_path: Path) -> None:
    others = {f"{name}_1": text for name, text in FEED.items()}
    folder = written_feed(tmp_path / "feed", **others, stores=lines("store_id,name", "7,A"))
    for arguments in (("--out", folder / "stores.csv"), ("--out", tmp_path / "a.csv", "--rejects", folder)):
        done = called("report", folder, *arguments, cwd=tmp_path)
        assert (done.returncode, b"stores.csv" in done.stderr) == (1, True)
    assert (folder / "stores.csv").read_text() == lines("store_id,name", "7,A")


def test_rejects_of_a_source_without_stores_leave_another_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "stores.csv").write_text("mine")
    write_rejects(build_report(feed(tmp_path)), tmp_path)
    done = called("report", "feed", "--out", "a.csv", "--rejects", ".", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "stores.csv").read_text()) == (0, "mine")

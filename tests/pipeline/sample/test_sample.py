import os
import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from time import perf_counter

import polars as pl
import pytest

from store_uptime.pipeline.calendar.tzdata import known_zones
from store_uptime.pipeline.errors import CannotWrite
from store_uptime.pipeline.sample.polls import REASONS
from store_uptime.pipeline.sample.random_numbers import splitmix64
from store_uptime.pipeline.sample.sample import write_sample
from store_uptime.pipeline.sample.stores import UNKNOWN_ZONE
from store_uptime.pipeline.sample.writing import LIST, Format

ROOT = Path(__file__).parents[3]
STORES, DAYS = 300, 5
TABLES = ("store_status", "menu_hours", "timezones", "stores")


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    return tables(sample(tmp_path_factory.mktemp("feed")))


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    folder = sample(tmp_path_factory.mktemp("typed"), file_format="parquet")
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def sample(folder: Path, stores: int = STORES, days: int = DAYS, seed: int = 1, file_format: Format = "csv") -> Path:
    write_sample(folder, stores, days, seed, file_format)
    return folder


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    return {name: pl.read_csv(folder / f"{name}.csv", infer_schema=False) for name in TABLES}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, file_format: Format) -> None:
    first, second = (sample(tmp_path / name, 50, 3, file_format=file_format) for name in "ab")
    assert contents(first) == contents(second)


def test_the_number_of_cores_changes_no_byte(tmp_path: Path) -> None:
    script = "from pathlib import Path; from store_uptime.pipeline import write_sample; write_sample(Path('.'), 500, 2)"
    for threads in "13":
        (tmp_path / threads).mkdir()
        environment = os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path / threads, env=environment, check=True)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


def test_another_seed_gives_other_bytes_in_each_file(tmp_path: Path) -> None:
    first, second = (contents(sample(tmp_path / str(seed), 50, 3, seed)) for seed in (1, -1))
    assert all(first[name] != second[name] for name in first)


def test_a_file_that_was_changed_or_never_made_here_does_not_give_way(tmp_path: Path) -> None:
    sample(tmp_path, 3, 1)
    write_sample(tmp_path, 3, 1, 2, "parquet", existing="replace")
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.name != LIST) == [".parquet"] * 4
    for name in ("timezones.parquet", "menu_hours.csv"):
        (tmp_path / name).write_bytes(b"theirs")
        before = contents(tmp_path)
        with pytest.raises(CannotWrite, match=rf"{name}: a file is there that is no earlier sample"):
            write_sample(tmp_path, 3, 1, existing="replace")
        assert contents(tmp_path) == before
        (tmp_path / name).unlink()


def test_the_numbers_are_those_of_the_published_generator() -> None:
    states = pl.Series([1234567, (1234567 + 0x9E3779B97F4A7C15) % 2**64], dtype=pl.UInt64)
    assert splitmix64(states).to_list() == [6457827717110365317, 3203168211198807973]


def test_four_files_with_their_headers_are_all_that_is_written(tmp_path: Path) -> None:
    written = contents(sample(tmp_path, 3, 1))
    assert {line.split(b"  ")[1].decode() for line in written.pop(LIST).splitlines()} == written.keys()
    assert {name: text.split(b"\n")[0] for name, text in written.items()} == {
        "store_status.csv": b"store_id,status,timestamp_utc,reason",
        "menu_hours.csv": b"store_id,day_of_week,start_time_local,end_time_local,valid_from,valid_to",
        "timezones.csv": b"store_id,timezone_str,valid_from,valid_to",
        "stores.csv": b"store_id,name,brand,city,platform",
    }


def test_parquet_has_the_types_of_its_values(typed: dict[str, pl.DataFrame]) -> None:
    assert list(typed["store_status"].dtypes) == [pl.String, pl.String, pl.Datetime("us", "UTC"), pl.String]
    assert list(typed["menu_hours"].dtypes) == [pl.String, pl.Int8, pl.Time, pl.Time, pl.Date, pl.Date]


def test_parquet_holds_what_csv_holds_but_for_the_rejected_rows(
    feed: dict[str, pl.DataFrame], typed: dict[str, pl.DataFrame]
) -> None:
    written = typed["store_status"].with_columns(pl.col("timestamp_utc").dt.strftime("%Y-%m-%d %H:%M:%S%.6f UTC"))
    assert written.equals(feed["store_status"].head(written.height))
    assert typed["timezones"].with_columns(pl.col(pl.Date).cast(pl.String)).equals(feed["timezones"])
    assert typed["stores"].equals(feed["stores"])


def test_there_is_about_a_poll_per_store_and_hour(feed: dict[str, pl.DataFrame]) -> None:
    assert feed["store_status"].height == pytest.approx(STORES * DAYS * 24, rel=0.05)


def test_each_store_is_polled_about_every_hour_until_it_falls_silent(typed: dict[str, pl.DataFrame]) -> None:
    counts = typed["store_status"].group_by("store_id").len()
    assert counts.height == STORES
    assert counts["len"].is_between(DAYS * 24 * 0.45, DAYS * 24 * 1.05).all()
    assert counts.filter(pl.col("len") < DAYS * 24 * 0.85).height == STORES // 50


def test_polls_lie_before_the_end(typed: dict[str, pl.DataFrame]) -> None:
    instants = typed["store_status"]["timestamp_utc"]
    assert instants.is_between(datetime(2026, 3, 5, 16, tzinfo=UTC), datetime(2026, 3, 10, 16, tzinfo=UTC)).all()


def test_polls_are_in_no_order(typed: dict[str, pl.DataFrame]) -> None:
    polls = typed["store_status"].head(1_000)
    assert polls["store_id"].n_unique() > 250
    assert polls.select((pl.col("timestamp_utc").diff().dt.total_microseconds() < 0).mean()).item() > 0.4


def test_one_poll_in_thirteen_or_so_is_inactive(typed: dict[str, pl.DataFrame]) -> None:
    assert typed["store_status"].select((pl.col("status") == "inactive").mean()).item() == pytest.approx(0.07, abs=0.02)


def test_most_stores_are_good_and_some_are_bad(typed: dict[str, pl.DataFrame]) -> None:
    down = typed["store_status"].group_by("store_id").agg(share=(pl.col("status") == "inactive").mean())
    assert down.filter(pl.col("share") < 0.05).height > STORES * 0.6
    assert down.filter(pl.col("share") > 0.25).height > STORES * 0.05


def test_some_polls_are_repeated_and_a_few_contradict_each_other(typed: dict[str, pl.DataFrame]) -> None:
    polls = typed["store_status"]
    assert polls.height - polls.unique().height == pytest.approx(polls.height * 0.003, rel=0.4)
    assert 1 <= polls.unique().height - polls.unique(["store_id", "timestamp_utc"]).height <= 10


def test_every_zone_is_known_but_for_one_on_purpose(feed: dict[str, pl.DataFrame]) -> None:
    assert set(feed["timezones"]["timezone_str"]) - known_zones() == {UNKNOWN_ZONE}


@pytest.mark.parametrize("table", ["menu_hours", "timezones"])
def test_one_store_in_twenty_or_so_has_no_row(feed: dict[str, pl.DataFrame], table: str) -> None:
    without = feed["store_status"].select("store_id").unique().join(feed[table], on="store_id", how="anti")
    assert STORES * 0.02 < without.height < STORES * 0.09


def test_some_stores_have_hours_or_a_zone_but_no_poll(feed: dict[str, pl.DataFrame]) -> None:
    known = pl.concat([feed["menu_hours"].select("store_id"), feed["timezones"].select("store_id")]).unique()
    assert 1 <= known.join(feed["store_status"], on="store_id", how="anti").height <= STORES // 100


@pytest.mark.parametrize(
    ("kind", "of_hours"),
    {
        "overnight": pl.col("end_time_local") < pl.col("start_time_local"),
        "until 23:59": pl.col("end_time_local") == time(23, 59),
        "from midnight to midnight": (pl.col("start_time_local") == time(0)) & (pl.col("end_time_local") == time(0)),
        "split": pl.len().over("store_id", "day_of_week") == 2,
        "closed one day": pl.col("day_of_week").n_unique().over("store_id") == 6,
    }.items(),
)
def test_hours_are_of_many_kinds(typed: dict[str, pl.DataFrame], kind: str, of_hours: pl.Expr) -> None:
    stores = typed["menu_hours"].filter(of_hours)["store_id"].n_unique()
    assert STORES * 0.02 < stores < STORES * 0.3, kind


def test_a_few_hours_and_one_zone_have_changed_before_what_a_report_looks_at(typed: dict[str, pl.DataFrame]) -> None:
    changed = date(2026, 2, 28)
    for name, stores in (("menu_hours", STORES // 50), ("timezones", 1)):
        rows, dated = typed[name], typed[name].filter(pl.col("valid_to") == changed)
        assert rows.filter(pl.col("valid_from") == changed).height == dated.height
        assert 1 <= dated["store_id"].n_unique() <= stores
        assert rows.filter(pl.all_horizontal(pl.col(pl.Date).is_null())).height == rows.height - 2 * dated.height


def test_some_inactive_polls_have_a_reason_and_no_active_one(typed: dict[str, pl.DataFrame]) -> None:
    with_reason = typed["store_status"].drop_nulls("reason")
    assert set(with_reason["status"]) == {"inactive"}
    assert set(with_reason["reason"]) == set(REASONS)
    assert 0.2 < with_reason.height / typed["store_status"].filter(status="inactive").height < 0.5


def test_stores_have_names_and_some_have_no_brand(typed: dict[str, pl.DataFrame]) -> None:
    stores = typed["stores"]
    assert stores.height == STORES + STORES // 100
    assert stores["name"].null_count() == 0 < stores["brand"].null_count() < STORES * 0.2
    assert stores["city"].n_unique() > 10 > stores["platform"].n_unique()


def test_ids_look_like_random_uuids_and_none_is_given_twice(typed: dict[str, pl.DataFrame]) -> None:
    uuid_4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
    assert typed["store_status"]["store_id"].str.contains(uuid_4).all()
    assert typed["stores"]["store_id"].is_unique().all()
    assert typed["stores"]["name"].is_unique().all()


def test_a_few_rows_of_each_kind_are_to_be_rejected(feed: dict[str, pl.DataFrame]) -> None:
    each = STORES // 100
    assert feed["store_status"].filter(~pl.col("status").is_in(["active", "inactive"])).height == each
    assert feed["store_status"].filter(pl.col("timestamp_utc").str.starts_with("2026-02-30")).height == each
    assert feed["store_status"].filter(pl.col("store_id").fill_null("") == "").height == each
    assert feed["menu_hours"].filter(pl.col("start_time_local") == "9 AM").height == each
    assert feed["menu_hours"].filter(pl.col("day_of_week") == "7").height == each


def test_progress_ends_with_every_store_done(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_sample(tmp_path, 1_500, 15, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 1_500), (1_388, 1_500), (1_500, 1_500)]


def test_two_thousand_stores_take_seconds(tmp_path: Path) -> None:
    began = perf_counter()
    sample(tmp_path, 2_000, 8)
    assert perf_counter() - began < 15  # half a second on two idle cores


@pytest.mark.parametrize(("stores", "days"), [(0, 1), (1, 0)])
def test_no_store_or_no_day_is_refused(tmp_path: Path, stores: int, days: int) -> None:
    with pytest.raises(ValueError, match="at least one store and one day"):
        write_sample(tmp_path, stores, days)


def test_one_store_and_one_day_is_a_sample(tmp_path: Path) -> None:
    assert 20 <= tables(sample(tmp_path, 1, 1))["store_status"].height <= 26


def test_what_was_there_stays_when_the_new_file_is_cut_short(tmp_path: Path) -> None:
    def interrupted(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    before = contents(sample(tmp_path, 10, 1))
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, 10, 2, existing="replace", progress=interrupted)
    assert contents(tmp_path)["store_status.csv"] == before["store_status.csv"]
    assert contents(tmp_path).keys() == before.keys()

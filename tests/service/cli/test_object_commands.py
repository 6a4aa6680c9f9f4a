"""Commands that read from a bucket, and write to one."""

from pathlib import Path

import pytest

from store_uptime.pipeline import write_sample
from tests.support.buckets import Lake
from tests.support.feeds import POLLS, called, lines
from tests.support.postgres import run

NOW = "2026-03-10T16:00"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    write_sample(folder, 20, 9)
    (folder / "more").mkdir()
    (folder / "more" / "bad.csv").write_text(lines(POLLS, "a,yesterday,active", ",2026-03-10 12:00:00 UTC,active"))
    return folder


@pytest.fixture(scope="module")
def address(lake: Lake, feed: Path) -> str:
    return lake.put_folder(feed, "cli/feed")


def test_a_report_and_its_rejects_are_the_same_from_and_to_a_bucket(
    lake: Lake, feed: Path, address: str, tmp_path: Path
) -> None:
    here = called("report", feed, "--out", "week.csv", "--rejects", "rejects", cwd=tmp_path)
    there = called(
        "report", address, "--out", "s3://lake/cli/out/week.csv", "--rejects", "s3://lake/cli/out", **lake.environment
    )
    assert (here.returncode, there.returncode) == (0, 0), there.stderr
    assert b"written" in there.stderr
    assert b"to s3://lake/cli/out/week.csv" in there.stderr
    assert lake.content("cli/out/week.csv") == (tmp_path / "week.csv").read_bytes()
    for name in ("polls", "hours", "zones"):
        assert lake.content(f"cli/out/{name}.csv") == (tmp_path / "rejects" / f"{name}.csv").read_bytes()
    again = called("report", address, "--out", "s3://lake/cli/out/week.csv", "--format", "xlsx", **lake.environment)
    assert again.returncode == 0
    assert lake.content("cli/out/week.csv").startswith(b"PK")
    rows = "s3://lake/cli/out/rows.csv"
    assert called("report", address, "--period", "7d", "--out", rows, **lake.environment).returncode == 0
    assert lake.content("cli/out/rows.csv") == called("report", feed, "--period", "7d").stdout
    several = called("report", address, "--out", "s3://lake/cli/out/week/", **lake.environment)
    assert b"to s3://lake/cli/out/week/, in" in several.stderr
    assert lake.keys("cli/out/week/") == ["cli/out/week/_report.json", "cli/out/week/part-00000.csv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "s3://lake/cli/theirs.csv"], "a file is there that is no earlier report of store-uptime"),
        (["--rejects", "s3://lake/cli/taken"], "a file is there that is no earlier rejects file of store-uptime"),
        (["--out", "s3://lake/cli/feed/store_status.csv"], "which is read"),
        (["--out", "s3://lake"], "it names a bucket, and no object in it"),
        (["--out", "s3://no-such/x.csv"], "there is no such bucket"),
        (["--out", "s3://lake/cli/taken/polls.csv", "--rejects", "s3://lake/cli/taken"], "the rejected rows go there"),
    ],
)
def test_what_is_not_ours_is_not_written_over(lake: Lake, address: str, arguments: list[str], words: str) -> None:
    lake.put("cli/theirs.csv", b"their own\n")
    lake.put("cli/taken/polls.csv", b"their own\n")
    before = {key: lake.content(key) for key in lake.keys("cli")}
    done = called("report", address, *arguments, **lake.environment)
    assert done.returncode == 1, done.stderr
    assert words in done.stderr.decode()
    assert {key: lake.content(key) for key in lake.keys("cli")} == before


def test_timelines_and_mappings_are_made_from_a_bucket_and_written_to_one(lake: Lake, feed: Path, address: str) -> None:
    store = (feed / "timezones.csv").read_text().splitlines()[1].partition(",")[0]
    for source, out in ((feed, "s3://lake/cli/made/here.csv"), (address, "s3://lake/cli/made/there.csv")):
        done = called("timeline", store, source, "--out", out, **lake.environment)
        assert done.returncode == 0, done.stderr
    assert lake.content("cli/made/here.csv") == lake.content("cli/made/there.csv")
    done = called("map", address, "--out", "s3://lake/cli/made/map.toml", **lake.environment)
    assert done.returncode == 0, done.stderr
    assert lake.content("cli/made/map.toml") == called("map", feed, **lake.environment).stdout
    done = called("map", address, "--out", "s3://lake/cli/made/map.toml", **lake.environment)
    assert b"it may be a mapping that was edited" in done.stderr


def test_a_bucket_is_loaded_like_a_folder(lake: Lake, feed: Path, address: str, database: str, tmp_path: Path) -> None:
    done = called("load", address, "--database", database, "--rejects", tmp_path / "there", **lake.environment)
    assert done.returncode == 0, done.stderr
    counts = run(database, "select count(*) from store_status")
    done = called("load", feed, "--database", database, "--rejects", tmp_path / "here", **lake.environment)
    assert run(database, "select count(*) from store_status") == counts
    here, there = (
        sorted(path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*.csv"))
        for name in ("here", "there")
    )
    assert here == there == [Path("more/bad.csv.rejects.csv")]
    for name in here:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


@pytest.mark.parametrize(
    "arguments", [["sample", "s3://lake/cli/sample"], ["load", "feed", "--rejects", "s3://lake/cli/x"]]
)
def test_what_grows_piece_by_piece_is_written_to_this_machine(arguments: list[str], tmp_path: Path) -> None:
    done = called(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert b"name a path of this machine" in b" ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_none_is_refused_in_a_sentence(address: str, lake: Lake) -> None:
    done = called("report", address, "--out", "s3://me:secret@lake/x", **lake.environment)
    assert done.returncode != 0
    assert b"secret" not in done.stderr
    assert b"a bucket has no such name" in done.stderr

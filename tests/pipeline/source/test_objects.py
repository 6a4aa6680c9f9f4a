"""Objects in a bucket: the same rows, the same names, the same errors as those of a folder, and a few of their own."""

import gzip
import io
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store_uptime.pipeline import (
    AddressNotUnderstood,
    Options,
    SourceBusy,
    SourceMismatch,
    SourceMissing,
    SourceRefused,
    SourceUnreachable,
    StoreUptimeError,
    build_report,
    open_source,
    polled_stores,
    write_sample,
)
from store_uptime.pipeline.source.folder.discovery import found_files
from store_uptime.pipeline.source.folder.folder import scan
from store_uptime.pipeline.storage.addresses import object_at
from store_uptime.pipeline.storage.objects import object_of
from store_uptime.pipeline.storage.written import PutRefused, put
from tests.support.buckets import Lake, reached
from tests.support.feeds import HOURS, POLLS, ZONES, lines, written_feed

NOW = Options(now="2024-10-14T12:00")
HOSTILE = ["a b", "a#b", "a?b", "a%20b", "a*b", "a[b]", "ü", "a+b", "a&b", "a:b", "a{b}", 'a"b', "日本", "x=1", "a%"]


@pytest.fixture(autouse=True)
def surroundings(lake: Lake) -> Iterator[None]:
    with reached(lake):
        yield


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed of every form: plain, gzip, quotes that Polars does not read, Parquet, and Parquet that it does not."""
    folder = tmp_path_factory.mktemp("mixed")
    write_sample(folder, 30, 10)
    polls = pl.read_csv(folder / "store_status.csv", infer_schema=False)
    typed = polls.filter(pl.col("timestamp_utc").str.len_chars() == 30).with_columns(
        pl.col("timestamp_utc").str.to_datetime("%Y-%m-%d %H:%M:%S%.f UTC", strict=False)
    )
    (folder / "store_status.csv").unlink()
    third = polls.height // 3
    (folder / "polls").mkdir()
    polls[:third].write_csv(folder / "polls" / "first.csv")
    (folder / "polls" / "packed.gz").write_bytes(gzip.compress(polls[third : 2 * third].write_csv().encode()))
    (folder / "polls" / "quotes.csv").write_text(f'{POLLS}\nx"y,2024-10-14 10:00:00 UTC,active\n"open,2024\n')
    typed[2 * third :].write_parquet(folder / "polls" / "typed.parquet")
    typed[50:80].write_parquet(folder / "polls" / "more.parquet")
    odd = typed[:50].to_arrow().append_column("spare", pa.array([bytes(16)] * 50, pa.binary(16)))
    pq.write_table(odd, folder / "polls" / "odd.parquet")
    (folder / "_SUCCESS").write_bytes(b"")
    (folder / "other.txt").write_text("what is this\n")
    return folder


def test_a_bucket_gives_the_bytes_of_the_folder(
    lake: Lake, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    address = lake.put_folder(mixed, "mixed")
    lake.put("mixed/polls/", b"")  # as a console makes a folder
    here, there = build_report(mixed), build_report(address)
    assert there.csv("extended") == here.csv("extended")
    assert all(there.rejects[name].equals(here.rejects[name]) for name in here.rejects)
    assert there.quality == here.quality
    assert there.plan.source == address
    assert polled_stores(open_source(address)) == polled_stores(open_source(mixed))
    assert list(tmp_path.glob("*-objects-*")) == []


def test_one_object_and_a_slash_at_the_end(lake: Lake, mixed: Path) -> None:
    address = lake.put_folder(mixed, "slash")
    assert build_report(f"{address}/").csv() == build_report(mixed).csv()
    with pytest.raises(SourceMismatch, match="no file has the columns of menu_hours"):
        open_source(f"{address}/polls/typed.parquet")


def test_every_key_is_read_as_it_is(lake: Lake) -> None:
    lake.put("keys/h.csv", lines(HOURS).encode())
    lake.put("keys/z.csv", lines(ZONES).encode())
    for name in HOSTILE:
        lake.put(f"keys/{name}/{name}.parquet", as_parquet(f"p {name}"))
        lake.put(
            f"keys/{name}/{name}", lines(POLLS, f"t {name},2024-10-14 11:00:00 UTC,inactive", "t,no,active").encode()
        )
    report = build_report("s3://lake/keys")
    assert set(report.extended["store_id"]) == {f"{kind} {name}" for kind in "pt" for name in HOSTILE}
    assert set(report.rejects["polls"]["file"]) == {f"{name}/{name}" for name in HOSTILE}
    for name in HOSTILE:
        for address, names in ((f"{name}/{name}", [name]), (name, [name, f"{name}.parquet"])):
            files = found_files(object_at(f"s3://lake/keys/{address}")).tables["store_status"]
            assert [file.name for file in files] == names


def test_a_data_file_is_read_by_another_process_as_it_is_here(lake: Lake, mixed: Path) -> None:
    files = found_files(object_at(lake.put_folder(mixed, "pickled"))).tables["store_status"]
    again = pickle.loads(pickle.dumps(files))
    assert again == files
    assert lake.environment["AWS_SECRET_ACCESS_KEY"].encode() not in pickle.dumps(files)
    rows = [pl.concat(scan(each, "store_status"), how="diagonal_relaxed").collect().height for each in (files, again)]
    assert rows[0] == rows[1] > 0
    assert {file.name: file.rows for file in files}["polls/more.parquet"] == 30


def plain_feed(lake: Lake, prefix: str, polls: bytes) -> str:
    lake.put(f"{prefix}/h.csv", lines(HOURS).encode())
    lake.put(f"{prefix}/z.csv", lines(ZONES).encode())
    lake.put(f"{prefix}/p", polls)
    return f"s3://lake/{prefix}"


def as_parquet(*stores: str) -> bytes:
    buffer = io.BytesIO()
    ids = pl.DataFrame({"store_id": stores})
    ids.with_columns(timestamp_utc=pl.datetime(2024, 10, 14, 10), status=pl.lit("active")).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["text", "Parquet"])
@pytest.mark.parametrize("what", ["replaced", "deleted"])
def test_an_object_that_changes_under_the_run_is_named(
    lake: Lake, form: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = as_parquet("a") if form == "Parquet" else lines(POLLS, "a,2024-10-14 10:00:00 UTC,active").encode()
    other = as_parquet("a", "b") if form == "Parquet" else content.replace(b"a,2024", b"b,2024")
    source = open_source(plain_feed(lake, f"changing {form} {what}", content))
    if what == "replaced":
        lake.put(f"changing {form} {what}/p", other)
    else:
        lake.store.delete(f"changing {form} {what}/p")
    with pytest.raises((SourceBusy, SourceMissing), match=rf"s3://lake/changing {form} {what}/p"):
        build_report(source, NOW)
    assert list(tmp_path.glob("*-objects-*")) == []


def test_an_object_that_is_replaced_once_it_was_read_is_no_mixture(lake: Lake) -> None:
    source = open_source(plain_feed(lake, "late", as_parquet("a")))
    with pytest.raises(SourceBusy, match=r"s3://lake/late/p"), source.opened() as opened:  # noqa: PT012
        assert opened.newest_poll_us(1 << 60) is not None
        lake.put("late/p", as_parquet("a", "b"))
    assert open_source("s3://lake/late").version != source.version


def refused(lake: Lake, address: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> StoreUptimeError:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreUptimeError) as raised:
        open_source(address)
    assert lake.environment["AWS_SECRET_ACCESS_KEY"] not in str(raised.value)
    return raised.value


def test_what_keeps_a_bucket_from_being_read_is_said(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is: dict[str, str] = {}
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    for address, environment, kind, words in (
        ("s3://no-such-bucket/x", as_it_is, SourceMissing, "there is no such bucket"),
        ("s3://lake/nothing/here", as_it_is, SourceMissing, "no object has this key, or one below it"),
        ("s3://lake/x", {"AWS_SECRET_ACCESS_KEY": "wrong"}, SourceRefused, "AWS_SECRET_ACCESS_KEY"),
        ("s3://lake/x", nowhere, SourceUnreachable, "nothing listens at its endpoint"),
        ("s3://lake/x", {"AWS_ENDPOINT_URL": "nonsense"}, SourceRefused, "its endpoint is no URL"),
        ("az://lake/x", as_it_is, SourceRefused, "AZURE_STORAGE_ACCOUNT_NAME"),
    ):
        with monkeypatch.context() as patched:
            error = refused(lake, address, patched, **environment)
            assert type(error) is kind, error
            assert words in str(error)


@pytest.mark.parametrize(
    "address",
    ["s3://", "s3://key:secret@lake/x", "s3:///x", "s3://lake/a//b/c", "s3://lake/../x/y", "az://c/p?sig=secret&sv=1"],
)
def test_an_address_that_is_none_is_refused_without_a_secret(address: str) -> None:
    with pytest.raises(AddressNotUnderstood) as raised:
        open_source(address)
    assert "secret" not in str(raised.value)


def test_an_empty_or_foreign_prefix_says_what_it_lacks(lake: Lake) -> None:
    lake.put("foreign/x.csv", b"a,b\n1,2\n")
    with pytest.raises(SourceMismatch, match=r"s3://lake/foreign: it holds no file that is one of the tables"):
        open_source("s3://lake/foreign")


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    feed = written_feed(
        tmp_path / "a b%#", polls=lines(POLLS, "a,2024-10-14 10:00:00 UTC,active"), hours=HOURS + "\n", zones=ZONES
    )
    assert build_report(f"file://{tmp_path}/a%20b%25%23").csv() == build_report(feed).csv()
    with pytest.raises(AddressNotUnderstood):
        open_source("file://elsewhere/feed")


def test_an_object_is_written_only_over_the_one_that_was_looked_at(lake: Lake) -> None:
    target = object_at(lake.put("mine", b"first"))
    looked_at = object_of(target)
    lake.put("mine", b"of another")
    for replaced in (looked_at, None):
        with pytest.raises(PutRefused):
            put(target, [b"sec", b"ond"], replaced)
    assert lake.content("mine") == b"of another"
    put(target, [b"sec", b"ond"], object_of(target))
    assert lake.content("mine") == b"second"

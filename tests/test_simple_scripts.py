"""What README.md says that short scripts get wrong is what they give, and what is right is what a report gives."""

from pathlib import Path

from docs.plain_script import read
from docs.simple_scripts import README, TABLE, right, table, time_down, time_up
from store_uptime import build_report
from store_uptime.pipeline import write_sample


def test_the_table_of_the_readme_is_what_the_scripts_give_and_what_is_right_is_the_reports(tmp_path: Path) -> None:
    write_sample(tmp_path, file_format="parquet")
    feed, report = read(tmp_path), build_report(tmp_path)
    assert TABLE.findall(README.read_text(encoding="utf-8")) == [table(feed)]
    plain = {store_id: right(store, feed.now) for store_id, store in feed.stores.items()}
    assert report.exact.select("store_id", "uptime_last_week_us", "downtime_last_week_us").rows() == [
        (store_id, time_up(plain[store_id], feed.now), time_down(plain[store_id], feed.now))
        for store_id in sorted(plain)
    ]

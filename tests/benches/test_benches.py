"""The harness of the benches: what is compared, what is left out, and what is written down. Nothing here is timed."""

import sys
from pathlib import Path

import pytest

from benches import curve, plot
from benches.__main__ import KEPT, PAGE, PICTURE, ROWS, filled
from benches.common import Failed, Outcome, Program, Run, compared, measured
from benches.data import BEFORE, OURS
from benches.parts import ONE_PASS, TWO_PASSES
from benches.reports import POLARS, as_report
from benches.targets import TARGETS, TITLES, Target, before_table, cells, figure_table, read, saved

RUNS = [Run(1.0, 1.5, 512), Run(3.0, 2.5, 1024), Run(2.0, 2.0, 256)]
BETWEEN = [Run(1.0, 1.5, 512, 7.5), Run(3.0, 2.5, 1024, 7.5)]
SLOWER = [Run(4.0, 4.0, 2048), Run(4.0, 4.0, 2048), Run(5.0, 4.0, 2048)]
RESULTS = {
    "large": Outcome({OURS: RUNS, POLARS: SLOWER, BEFORE: SLOWER}, {"DuckDB alone": "took more than 600 s"}),
    "parts": Outcome({ONE_PASS: RUNS, TWO_PASSES: BETWEEN}),
}


def reporting(folder: Path, name: str, figures: str) -> Program:
    report = folder / name

    def run() -> Run:
        report.write_text(f"store_id,up\na,{figures}\n", encoding="utf-8")
        return Run(1.0)

    return Program(name, run, report)


def failing() -> Run:
    raise Failed("ended with 1")


# What is compared -----------------------------------------------------------------------------------------------------


def test_a_program_with_other_figures_is_named_and_not_timed(tmp_path: Path) -> None:
    ours, same, other = (reporting(tmp_path, name, up) for name, up in (("ours", "1"), ("same", "1"), ("other", "2")))
    outcome = compared([ours, same, other], times=2)
    assert {name: len(runs) for name, runs in outcome.runs.items()} == {"ours": 2, "same": 2}
    assert "['a', '1'] here, ['a', '2'] there" in outcome.left_out["other"]


def test_a_peer_that_fails_is_left_out_with_its_reason(tmp_path: Path) -> None:
    outcome = compared([reporting(tmp_path, "ours", "1"), Program("peer", failing)], times=1)
    assert outcome.left_out == {"peer": "ended with 1"}


def test_ours_may_not_fail(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="ended with 1"):
        compared([Program("ours", failing), reporting(tmp_path, "peer", "1")], times=1)


def test_a_command_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benches.common.LONGEST_S", 0.2)
    with pytest.raises(Failed, match=r"more than 0\.2 s"):
        measured([sys.executable, "-c", "import time; time.sleep(60)"])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is watched in /proc")
def test_a_command_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benches.common.MOST_MIB", 102.4)
    with pytest.raises(Failed, match=r"more than 0\.1 GiB"):
        measured([sys.executable, "-c", "import time; much = bytearray(200 << 20); time.sleep(60)"])


def test_a_command_that_fails_says_its_last_line() -> None:
    with pytest.raises(Failed, match="ended with 3: no memory"):
        measured([sys.executable, "-c", "import sys; print('no memory'); sys.exit(3)"])


def test_sums_are_rounded_as_the_report_has_them() -> None:
    import polars as pl

    sums = pl.DataFrame({"store": [1, 0], "uptime_last_hour_us": [1_799_700_000, None]})
    report = pl.DataFrame({"uptime_last_hour(minutes)": [None, 30.0]})
    assert as_report(sums, report).to_series().to_list() == [None, 30.0]


# What is written down -------------------------------------------------------------------------------------------------


def test_every_row_has_a_title_and_every_target_a_row() -> None:
    assert set(ROWS) == set(TITLES)
    assert {target.row for target in TARGETS} == set(ROWS)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("large", OURS, 0.5, POLARS), ["0.50", "0.5", "met"]),
        (Target("large", OURS, 0.4, POLARS), ["0.50", "0.4", "**missed**"]),
        (Target("large", OURS, 0.6, POLARS, "peak memory"), ["0.50", "0.6", "met"]),
        (Target("large", OURS, 0.5, measure="peak memory", unit="GiB"), ["1.00 GiB", "0.5 GiB", "**missed**"]),
        (Target("large", OURS, 2500, unit="ms"), ["2000 ms", "2500 ms", "met"]),
        (
            Target("parts", TWO_PASSES, 8, measure="between the passes", unit="bytes a poll"),
            ["7.50 bytes a poll", "8 bytes a poll", "met"],
        ),
        (Target("large", OURS, 1, "nobody"), ["–", "1", "not measured"]),
        (Target("huge", OURS, 1, POLARS), ["–", "1", "not measured"]),
    ],
)
def test_a_target_is_judged_by_medians_and_by_the_most_memory(target: Target, expected: list[str]) -> None:
    assert cells(target, RESULTS)[2:5] == expected


def test_the_figures_say_what_was_left_out() -> None:
    table = figure_table(RESULTS)
    assert "| 37 M polls, Parquet | store-uptime | 2.00 | 1.00 – 3.00 | 2.00 | 1024 | 1.00 |" in table
    assert "DuckDB alone: took more than 600 s" in table


def test_a_target_of_one_of_several_programs_names_it() -> None:
    target = Target("parts", TWO_PASSES, 2, ONE_PASS, "processor time")
    assert cells(target, RESULTS)[1] == "two passes: processor time / one pass"


def test_ours_stands_beside_the_other_version() -> None:
    assert "| 37 M polls, Parquet | store-uptime | 0.50 | 0.50 | 0.50 |" in before_table(RESULTS)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    saved(RESULTS, "a machine", tmp_path / "results.jsonl")
    assert read(tmp_path / "results.jsonl") == (RESULTS, "a machine")


def test_the_page_and_its_picture_are_of_the_results_that_are_kept() -> None:
    results, machine = read(KEPT)
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- figures -->") == page.count("<!-- end of figures -->") == 1
    assert filled(page, results, machine) == page
    assert plot.drawn(results) == PICTURE.read_text(encoding="utf-8")


def test_a_bar_that_is_too_long_is_cut() -> None:
    picture = plot.drawn({"large": Outcome({OURS: [Run(1.0)], POLARS: [Run(100.0)]})})
    assert "100.0 (cut)" in picture
    assert max(float(width) for width in plot_widths(picture)) <= plot.WIDTH - plot.LEFT


def plot_widths(picture: str) -> list[str]:
    return [part.split('"')[1] for part in picture.split(" width=")[1:] if f'fill="{plot.PEER}"' in part.split("/>")[0]]


def test_a_peak_is_seen_however_many_points_there_are() -> None:
    points = [(second / 2, 900.0 if second == 501 else 100.0) for second in range(2_000)]
    thinned = curve.thinned(points)
    assert len(thinned) <= curve.MOST_POINTS
    assert max(thinned, key=lambda point: point[1]) == (250.5, 900.0)


@pytest.mark.parametrize(
    ("most", "expected"), [(0.0, [0]), (7.0, [0, 2, 4, 6, 8]), (868.0, [0, 200, 400, 600, 800, 1000])]
)
def test_a_scale_has_round_numbers_up_to_the_most(most: float, expected: list[int]) -> None:
    assert curve.scale(most) == expected

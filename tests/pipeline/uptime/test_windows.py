"""Any windows, not only those of a report: each amount is that of the reference, and parts add up to the whole."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import polars as pl
from duckdb import DuckDBPyConnection
from hypothesis import assume, given, strategies as st

from store_uptime.pipeline import Limits, Options
from store_uptime.pipeline.plan.partitions import partition_of
from store_uptime.pipeline.plan.plan import max_gap_us
from store_uptime.pipeline.plan.prepare import Prepared
from store_uptime.pipeline.plan.windows import Windows
from store_uptime.pipeline.run import open_run, silent
from store_uptime.pipeline.uptime.stage import Figures, joined_figures, pieces, uptime
from tests.pipeline.test_against_reference import answer_of, fail_readably, source_of
from tests.support.profiles import examples
from tests.support.reference import HOUR, MINUTE, WINDOWS, Answer, Interval, Worked, amounts, overlap
from tests.support.worlds import World, sparse_worlds, worlds

Amounts = tuple[int, int, int, int]
"""Business, active and inactive time, evidence."""
Stretches = dict[str | None, list[tuple[int, int, int]]]
"""window_id, from_us, until_us, by zone or store; or by None, for all."""
AMOUNTS = ("business_us", "uptime_us", "downtime_us", "polls")


@dataclass(frozen=True)
class Stage:
    """What a run has ready for its stage."""

    prepared: Prepared
    db: DuckDBPyConnection

    @property
    def gap_us(self) -> int:
        return max_gap_us(self.prepared.options, self.prepared.horizon)

    def figures(self, windows: Windows) -> Figures:
        horizon, coded = self.prepared.horizon, windows.coded(self.prepared.source.codes)
        return joined_figures(
            [
                uptime(self.db, partition_of(codes, self.prepared.declared, horizon), coded, horizon, self.gap_us)
                for codes in self.prepared.code_ranges
            ]
        )

    def amounts(self, windows: Windows) -> dict[tuple[str, int], Amounts]:
        """By store and window; those without any amount are left out."""
        found = self.figures(windows).windows.join(self.prepared.source.codes.table, on="code")
        rows = found.select("store_id", "window_id", *AMOUNTS).rows()
        assert len(rows) == len({row[:2] for row in rows})
        return {(store_id, window): tuple(values) for store_id, window, *values in rows if any(values)}

    def pieces(self) -> pl.DataFrame:
        """store_id, start_us, end_us, active of all stores."""
        horizon, declared = self.prepared.horizon, self.prepared.declared
        parts = (partition_of(codes, declared, horizon) for codes in self.prepared.code_ranges)
        found = pl.concat(pieces(self.db, partition, horizon, self.gap_us) for partition in parts)
        return found.join(self.prepared.source.codes.table, on="code")


@contextmanager
def stage_of(world: World) -> Iterator[Stage]:
    options = Options(now=world.now, max_gap=world.max_gap, lookback=world.lookback)
    with open_run(source_of(world), options, Limits(threads=1), silent) as (prepared, db):
        yield Stage(prepared, db)


# Windows that are awkward ---------------------------------------------------------------------------------------------


def instants_of(answer: Answer, world: World) -> list[int]:
    """Where something begins or ends, and the ends of the horizon."""
    now = answer.now_us or 0
    first = now - WINDOWS["week"] - world.lookback // timedelta(microseconds=1)
    cases = answer.cases
    found = {first, now, now + 1, *(now - length for length in WINDOWS.values())}
    found |= {edge for case in cases for interval in case.intervals for edge in interval}
    found |= {edge for case in cases for piece in case.pieces for edge in (piece.start, piece.end)}
    return sorted(found | {at for case in cases for at in case.evidence})


def stretches(instants: Sequence[int]) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Some windows, of one stretch or several, which may overlap, be empty, or lie outside the horizon."""
    nudge = st.sampled_from([0, 0, 0, 1, -1, MINUTE, -HOUR, 1000 * HOUR, -1000 * HOUR])
    at = st.builds(int.__add__, st.sampled_from(instants), nudge)
    return st.lists(st.tuples(st.sampled_from([0, 1, 2, 7]), at, at), max_size=6)


def zone_of(case: Worked) -> str:
    return case.row.timezone


def id_of(case: Worked) -> str:
    return case.row.store_id


MADE: dict[str, Callable[[pl.DataFrame], Windows]] = {
    "all": lambda rows: Windows(None, rows.drop("all")),
    "clock": Windows.for_clocks,
    "store_id": Windows.for_stores,
}
SCOPES: dict[str, Callable[[Worked], str | None]] = {"all": lambda case: None, "clock": zone_of, "store_id": id_of}


def windows_by(kind: str, drawn: Stretches) -> Windows:
    rows = [(scope, *row) for scope, rows in drawn.items() for row in rows]
    schema = {kind: pl.String(), "window_id": pl.UInt32(), "from_us": pl.Int64(), "until_us": pl.Int64()}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return MADE[kind](frame)


def expected_amounts(
    answer: Answer, drawn: Stretches, scope: Callable[[Worked], str | None]
) -> dict[tuple[str, int], Amounts]:
    found = {}
    for case in answer.cases:
        rows = drawn.get(scope(case), [])
        for window in {row[0] for row in rows}:
            own: list[Interval] = [(start, end) for number, start, end in rows if number == window and start < end]
            found[case.row.store_id, window] = amounts(case, own, answer.now_us or 0)
    return {key: values for key, values in found.items() if any(values)}


@examples(14)
@given(st.one_of(worlds(), sparse_worlds()), st.sampled_from(list(SCOPES)), st.data())
def test_amounts_of_any_windows_are_those_of_the_reference(world: World, kind: str, data: st.DataObject) -> None:
    answer = answer_of(world)
    assume(answer.rows)
    scope, some = SCOPES[kind], stretches(instants_of(answer, world))
    scopes = {scope(case) for case in answer.cases} | ({"elsewhere"} if kind != "all" else set())
    drawn = {name: data.draw(some) for name in sorted(scopes, key=str)}
    with stage_of(world) as stage:
        found = stage.amounts(windows_by(kind, drawn))
    expected = expected_amounts(answer, drawn, scope)
    keys = [key for key in expected | found if expected.get(key) != found.get(key)]
    wrong = [f"{key}: reference {expected.get(key)}, pipeline {found.get(key)}" for key in keys]
    fail_readably([*wrong, f"{kind}: {drawn}"] if wrong else [], world)


# What holds whatever the reference says -------------------------------------------------------------------------------


@examples(7)
@given(st.one_of(worlds(), sparse_worlds()), st.data())
def test_the_parts_of_a_window_add_up_to_it_wherever_it_is_cut(world: World, data: st.DataObject) -> None:
    answer = answer_of(world)
    assume(answer.rows)
    cuts = sorted(data.draw(st.lists(st.sampled_from(instants_of(answer, world)), min_size=2, max_size=9, unique=True)))
    with stage_of(world) as stage:
        found = stage.amounts(Windows.for_all([(cuts[0], cuts[-1]), *pairwise(cuts)]))
    none = (0,) * len(AMOUNTS)
    for case in answer.cases:
        whole, *parts = (found.get((case.row.store_id, number), none) for number in range(len(cuts)))
        assert tuple(map(sum, zip(*parts, strict=True))) == whole


def sums_of(rows: pl.DataFrame, start: int, end: int) -> list[int]:
    """Business, active and inactive time of the pieces of a store in a window."""
    lengths = [(overlap(begin, finish, start, end), active) for begin, finish, active in rows.rows()]
    by_status = (sum(length for length, active in lengths if active is status) for status in (True, False))
    return [sum(length for length, _ in lengths), *by_status]


@examples(7)
@given(st.one_of(worlds(), sparse_worlds()), st.data())
def test_pieces_add_up_to_any_window(world: World, data: st.DataObject) -> None:
    answer = answer_of(world)
    assume(answer.rows)
    at = st.sampled_from(instants_of(answer, world))
    spans = [(min(ends), max(ends)) for ends in data.draw(st.lists(st.tuples(at, at), min_size=1, max_size=4))]
    with stage_of(world) as stage:
        found, rows = stage.amounts(Windows.for_all(spans)), stage.pieces()
    for number, span in enumerate(spans):
        for case in answer.cases:
            own = rows.filter(store_id=case.row.store_id).select("start_us", "end_us", "active")
            assert sums_of(own, *span) == list(found.get((case.row.store_id, number), (0, 0, 0))[:3])


@examples(4)
@given(worlds(), st.data())
def test_whether_a_store_has_evidence_does_not_depend_on_the_windows(world: World, data: st.DataObject) -> None:
    answer = answer_of(world)
    assume(answer.rows)
    windows = windows_by("all", {None: data.draw(stretches(instants_of(answer, world)))})
    with stage_of(world) as stage:
        found = stage.figures(windows).stores.filter("has_evidence")
    assert found.height == sum(bool(case.evidence) for case in answer.cases)

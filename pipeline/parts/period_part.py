"""Pass 2 of a report by periods: the segments of one range of stores in, the figures of these stores out."""

from msgspec import Struct, msgpack

from store_uptime.pipeline.parts.exchange import Pieces, Stretch, exchange_of_run
from store_uptime.pipeline.parts.index import Part
from store_uptime.pipeline.parts.job import Job
from store_uptime.pipeline.parts.part import PartFacts, opened_part, parquet, part_facts
from store_uptime.pipeline.period_run import periods_of_run
from store_uptime.pipeline.plan.prepare import prepare_run, with_reasons
from store_uptime.pipeline.plan.table_facts import table_facts
from store_uptime.pipeline.report.periods.period_quality import DateFacts
from store_uptime.pipeline.run import silent
from store_uptime.pipeline.uptime.stage import database


class PeriodPartFigures(Struct, frozen=True):
    """What a task of pass 2 has left of a report by periods: the frames of `ComputedPeriods` as Parquet.

    known: the stores of the `Plan`, with their clock. clocks: of all of them.
    """

    facts: PartFacts
    known: Stretch
    rows: Stretch
    profile: Stretch | None
    outages: Stretch | None
    clocks: list[str]
    dates: DateFacts


def period_part(job: Job, number: int, index: str, wanted: Part) -> bytes:
    """Compute the stores of a range, and write their figures: a `PeriodPartFigures`, packed. index: its name.

    Raises what `part` raises, and UnknownAttribute.
    """
    with opened_part(job, index, wanted) as opened, database(job.limits) as db:
        raw = opened.read(job.horizon, None)
        prepared = with_reasons(prepare_run(opened, job.options, job.horizon, raw), raw)
        found, _ = periods_of_run(prepared, job.of_periods.run, job.of_periods.wanted, db, job.limits, silent)
        facts = table_facts(prepared, found.plan)
    pieces = Pieces()
    known = found.plan.stores.join(found.clocks, on="store", maintain_order="left")
    left = PeriodPartFigures(
        facts=part_facts(job, number, found, facts, pieces),
        known=pieces.add(parquet(known)),
        rows=pieces.add(parquet(found.rows)),
        profile=None if found.profile is None else pieces.add(parquet(found.profile)),
        outages=None if found.outages is None else pieces.add(parquet(found.outages)),
        clocks=found.clocks["clock"].unique().sort().to_list(),
        dates=found.dates,
    )
    exchange_of_run(job.exchange, job.run).put(left.facts.name, pieces.content())
    return msgpack.encode(left)

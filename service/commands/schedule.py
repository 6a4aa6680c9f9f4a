"""`store-uptime schedule`: reports that nobody has to ask for."""

from datetime import UTC, timedelta
from typing import Annotated

import cyclopts
from cyclopts import CycloptsError, Parameter

from pipeline import Columns, Format, Options
from service.commands import common
from service.commands.common import say
from service.commands.registry import HERE, ON_THE_COMMAND_LINE, Place, opened
from service.errors import ScheduleExists, UnknownSchedule
from service.spoken import host

schedule = cyclopts.App(name="schedule", help="Reports on schedule, made by the servers on the same registry.")

Name = Annotated[str, Parameter(help="Its name: letters, digits, - _ and .; files that are delivered begin with it.")]


@schedule.command
def add(
    name: Name,
    /,
    *,
    cron: Annotated[str, Parameter(help='When: five fields, "15 6 * * *" is every day at 06:15.')],
    zone: Annotated[str, Parameter(help="On whose clock.")] = "UTC",
    store: Annotated[str | None, Parameter(help="Only this store.")] = None,
    columns: Annotated[Columns, Parameter(help="The seven plain columns, or all.")] = "plain",
    max_gap: common.MaxGap = None,
    lookback: common.Lookback = common.DEFAULT_LOOKBACK,
    retention: Annotated[
        timedelta | None,
        common.POSITIVE_DURATION,
        Parameter(help="How long its reports are kept. Default: as serve says."),
    ] = None,
    deliver_to: Annotated[
        tuple[str, ...], common.REPEATED, Parameter(help="A destination of serve for its files; may be repeated.")
    ] = (),
    format: Annotated[Format, Parameter(help="How those files are written.")] = "csv",
    webhook: Annotated[str | None, Parameter(help="An address to announce each report at.")] = None,
    place: Place = HERE,
) -> int:
    """Have a report made again and again. Where it is announced, the secret of the signatures is printed, once.

    store-uptime schedule add morning --cron "15 6 * * 1-5" --zone Europe/Berlin --deliver-to archive
    """
    from service.schedules import Wanted

    options = Options(store=store, max_gap=max_gap, lookback=lookback)
    try:
        wanted = Wanted(name, cron, zone, options, columns, retention, deliver_to, format, webhook or None)
    except ValueError as error:
        raise CycloptsError(msg=f"{error}.") from None
    with opened(place) as ask:
        values = wanted.values(ask("clock")[0]["clock"])
        if not ask("add_schedule", **values, **ON_THE_COMMAND_LINE):
            raise ScheduleExists(name)
    if deliver_to:
        say(f"its files wait for a server with --destination {' and '.join(f'{to}=…' for to in values['deliver_to'])}")
    say(f"schedule {name!r}, the next time at {values['next_due']:%Y-%m-%d %H:%M} UTC")
    if values["webhook_secret"]:
        say("its announcements are signed with this secret; it is not shown again:")
        print(values["webhook_secret"])
    return 0


@schedule.command(name="list")
def list_schedules(*, place: Place = HERE) -> int:
    """Every schedule: when it comes, when next, and what became of the last report.

    store-uptime schedule list
    """
    with opened(place) as ask:
        rows = ask("schedules")
    for row in rows:
        last = f"last {row['status']}: {row['error']}" if row["error"] else f"last {row['status'] or 'none'}"
        when = f"{row['cron']} {row['zone']}"
        to = [*row["deliver_to"], *([host(row["webhook"])] if row["webhook"] else [])]
        due = f"next {row['next_due'].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        print(row["name"], when, due, f"to {', '.join(to) or 'nobody'}", last, sep="\t")
    return 0


@schedule.command
def remove(name: Name, /, *, place: Place = HERE) -> int:
    """Have a schedule come no more. Its reports stay.

    store-uptime schedule remove morning
    """
    with opened(place) as ask:
        if not ask("remove_schedule", name=name, **ON_THE_COMMAND_LINE):
            raise UnknownSchedule(name)
    say(f"schedule {name!r} is removed; its reports stay")
    return 0


@schedule.command
def run(name: Name, /, *, place: Place = HERE) -> int:
    """Ask for a report of a schedule now, beside those of its due times, and print its id.

    store-uptime schedule run morning
    """
    from service.reports import new_id

    with opened(place) as ask:
        queued = ask("run_schedule", name=name, id=new_id(), **ON_THE_COMMAND_LINE)
    if not queued:
        raise UnknownSchedule(name)
    print(queued[0]["id"])
    return 0

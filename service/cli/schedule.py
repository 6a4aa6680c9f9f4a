"""`store-uptime schedule`: reports that nobody has to ask for."""

from datetime import UTC, timedelta
from typing import Annotated

import cyclopts
from cyclopts import CycloptsError, Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Format, Options
from store_uptime.service import parameters
from store_uptime.service.cli.period_options import (
    NO_GROUPS,
    GroupOptions,
    OnlyStores,
    attributes,
    period_of,
    refuse_without_period,
)
from store_uptime.service.cli.registry import COMMAND_LINE, DEFAULT_LOCATION, RegistryLocation, registry_session
from store_uptime.service.cli.tables import show_list
from store_uptime.service.cli.terminal import echo
from store_uptime.service.errors import ScheduleExists, UnknownSchedule
from store_uptime.service.outgoing.targets import webhook_host
from store_uptime.service.parameters import DELIVERY, INPUT, KEEPING
from store_uptime.service.registry.operations import registry_clock
from store_uptime.service.registry.schedules import (
    all_schedules,
    delete_schedule,
    insert_schedule,
    trigger_schedule,
)

schedule = cyclopts.App(name="schedule", help="Reports on schedule, made by the servers on the same registry.")

HEADINGS = ("name", "cron", "zone", "next", "to", "last report", "of")

Name = Annotated[str, Parameter(group=INPUT, help="Its name: letters, digits, - _ and .")]


@schedule.command(name="add")
def create_schedule(
    name: Name,
    /,
    *,
    cron: Annotated[
        str, Parameter(group=INPUT, metavar="CRON", help='When: five fields, "15 6 * * *" is every day at 06:15.')
    ],
    zone: Annotated[str, Parameter(group=INPUT, metavar="ZONE", help="On whose clock.")] = "UTC",
    store: parameters.OneStore = None,
    only: OnlyStores = (),
    columns: parameters.ColumnChoice = "plain",
    max_gap: parameters.MaxGap = None,
    lookback: parameters.Lookback = parameters.DEFAULT_LOOKBACK,
    retention: Annotated[
        timedelta | None,
        parameters.POSITIVE_DURATION,
        Parameter(
            group=KEEPING,
            metavar="DURATION",
            help="How long its reports are kept. Default: as serve says.",
        ),
    ] = None,
    deliver_to: Annotated[
        tuple[str, ...],
        parameters.REPEATED,
        Parameter(group=DELIVERY, metavar="NAME", help="A destination of serve for its files; may be repeated."),
    ] = (),
    format: Annotated[Format, Parameter(group=DELIVERY, help="How those files are written.")] = "csv",
    webhook: Annotated[
        str | None, Parameter(group=DELIVERY, metavar="URL", help="An address to announce each report at.")
    ] = None,
    periods: GroupOptions = NO_GROUPS,
    location: RegistryLocation = DEFAULT_LOCATION,
) -> int:
    """Have a report made again and again.

    Where it is announced, the secret of the signatures is printed, once.

        store-uptime schedule add morning --cron "15 6 * * 1-5"
        store-uptime schedule add nightly --cron "0 2 * * *" --deliver-to archive
        store-uptime schedule add daily --cron "0 6 * * *" --period yesterday
    """
    from store_uptime.service.outgoing.webhooks import private_address
    from store_uptime.service.queue.schedules import NewSchedule

    period = period_of(periods, periods.by)
    if period is None:
        refuse_without_period(periods)
    try:
        options = Options(
            store=store,
            max_gap=max_gap,
            lookback=lookback,
            only=pipeline.parse_only(only),
            period=period,
            group_by=attributes(periods.group_by),
        )
        new = NewSchedule(name, cron, zone, options, columns, retention, deliver_to, format, webhook or None)
    except ValueError as error:
        raise CycloptsError(msg=f"{error}.") from None
    with registry_session(location) as execute:
        [now] = execute(registry_clock())
        stored = new.stored(now.clock)
        if not execute(insert_schedule(stored, COMMAND_LINE)):
            raise ScheduleExists(name)
    if deliver_to:
        echo(f"its files wait for a server with --destination {' and '.join(f'{to}=…' for to in stored.deliver_to)}")
    # Servers refuse private addresses unless they are allowed: known now, not after the first report at night.
    private = private_address(new.webhook or "", ())
    if private:
        echo(f"its webhook waits for a server with --webhook-network {private}: {private} is a private address")
    echo(f"schedule {name!r}, the next time at {stored.next_due:%Y-%m-%d %H:%M} UTC")
    if stored.webhook_secret:
        echo("its announcements are signed with this secret; it is not shown again:")
        print(stored.webhook_secret)
    return 0


@schedule.command(name="list")
def list_schedules(*, location: RegistryLocation = DEFAULT_LOCATION) -> int:
    """Every schedule: when it comes, when next, what became of the last report, and of what they are.

    For example:

        store-uptime schedule list
    """
    from store_uptime.service.page.humanize import format_options

    with registry_session(location) as execute:
        rows = execute(all_schedules())
    lines = [
        (
            row.name,
            row.cron,
            row.zone,
            f"{row.next_due.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
            ", ".join([*row.deliver_to, *([webhook_host(row.webhook)] if row.webhook else [])]),
            f"{row.status}: {row.error}" if row.error else row.status,
            format_options(row.options),
        )
        for row in rows
    ]
    show_list(HEADINGS, lines, "there is no schedule yet: store-uptime schedule add NAME --cron … makes one.")
    return 0


@schedule.command(name="remove")
def drop_schedule(name: Name, /, *, location: RegistryLocation = DEFAULT_LOCATION) -> int:
    """Have a schedule come no more. Its reports stay.

    For example:

        store-uptime schedule remove morning
    """
    with registry_session(location) as execute:
        if not execute(delete_schedule(name, COMMAND_LINE)):
            raise UnknownSchedule(name)
    echo(f"schedule {name!r} is removed; its reports stay")
    return 0


@schedule.command(name="run")
def run_schedule_now(name: Name, /, *, location: RegistryLocation = DEFAULT_LOCATION) -> int:
    """Ask for a report of a schedule now, and print its id.

    It is one more, beside those of the schedule's due times.

        store-uptime schedule run morning
    """
    from store_uptime.service.registry.triggers import new_id

    with registry_session(location) as execute:
        queued = execute(trigger_schedule(name, new_id(), COMMAND_LINE))
    if not queued:
        raise UnknownSchedule(name)
    print(queued[0].id)
    return 0

"""`store-uptime audit`."""

import csv
import json
import sys
from datetime import UTC, timedelta
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from store_uptime.service.cli.registry import DEFAULT_LOCATION, RegistryLocation, registry_session
from store_uptime.service.cli.tables import show_list
from store_uptime.service.cli.terminal import echo
from store_uptime.service.parameters import DURATION, INPUT, OUTPUT, TIME
from store_uptime.service.registry.audit import audit_entries

LIMIT, HIGHEST_LIMIT = 1000, 10_000_000
HEADINGS = ("at", "who", "client", "action", "subject", "detail")


def audit(
    *,
    who: Annotated[
        str | None, Parameter(group=INPUT, metavar="NAME", help="Only what was done with the key of this name.")
    ] = None,
    subject: Annotated[
        str | None, Parameter(group=INPUT, metavar="ID", help="Only what concerns this report, schedule or key.")
    ] = None,
    since: Annotated[
        timedelta | None,
        DURATION,
        Parameter(group=TIME, metavar="DURATION", help="Only what was done within so long: 12h, 7d."),
    ] = None,
    limit: Annotated[
        int, Parameter(group=OUTPUT, validator=Number(gte=1, lte=HIGHEST_LIMIT), help="At most so many lines.")
    ] = LIMIT,
    format: Annotated[Literal["text", "csv", "json"], Parameter(group=OUTPUT, help="How it is written.")] = "text",
    location: RegistryLocation = DEFAULT_LOCATION,
) -> int:
    """Who has triggered, read and deleted what, and when: the newest first.

    For example:

        store-uptime audit --since 7d --who "price monitor"
    """
    with registry_session(location) as execute:
        rows = execute(audit_entries(who, subject, since, limit))
    show([vars(row) | {"at": row.at.astimezone(UTC).isoformat(timespec="seconds")} for row in rows], format)
    if len(rows) == limit:
        echo(f"only the newest {limit:,}: --limit shows more")
    return 0


def show(rows: list[dict[str, str | None]], file_format: str) -> None:
    match file_format:
        case "json":
            print(json.dumps(rows, ensure_ascii=False, indent=1))
        case "csv":
            lines = csv.writer(sys.stdout)
            lines.writerow(HEADINGS)
            lines.writerows(row.values() for row in rows)
        case _:
            show_list(HEADINGS, [list(row.values()) for row in rows], "nothing like that was noted.")

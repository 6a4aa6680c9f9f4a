"""`store-uptime fetch`."""

from typing import Annotated

from cyclopts import Parameter

import pipeline
from pipeline import Columns, Format
from service.commands import common
from service.commands.common import Identities, say
from service.commands.groups import INPUT, OUTPUT
from service.commands.registry import HERE, ON_THE_COMMAND_LINE, Place, opened
from service.commands.report import put_private, refuse_terminal
from service.errors import RemovedReport


def fetch(
    report_id: Annotated[str, Parameter(group=INPUT, help="The id of a complete report.")],
    /,
    *,
    identity: Identities = (),
    columns: Annotated[
        Columns | None, Parameter(group=OUTPUT, help="The plain columns, or all. Default: as it was triggered.")
    ] = None,
    format: Annotated[Format, Parameter(group=OUTPUT, help="How the figures are written.")] = "csv",
    out: common.Out = common.STDOUT,
    place: Place = HERE,
) -> int:
    """A report that a server has made, from the registry itself.

    If it is encrypted, name a key that decrypts it:

        store-uptime fetch REPORT_ID --identity key.txt --out week.csv
    """
    from service.reports import known, with_result
    from service.sealed import vault

    refuse_terminal(format, out)
    keys = vault((), identity)
    with opened(place) as ask:
        row = with_result(known(next(iter(ask("status", id=report_id)), None)))
        stored = ask("figures", id=report_id)
        if not stored:
            raise RemovedReport
        report = pipeline.restored(keys.opened(stored[0]["figures"]))
        ask("note", action="read", subject=report_id, detail="fetch", **ON_THE_COMMAND_LINE)
    put_private(report.render(format, columns or row["options"]["columns"]), out)
    say(f"now  {report.provenance['now']} ({report.provenance['now_is']})")
    return 0

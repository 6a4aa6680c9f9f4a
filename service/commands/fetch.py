"""`store-uptime fetch`."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import pipeline
from pipeline import Columns, Format
from service.commands import common
from service.commands.common import Identities, say
from service.commands.registry import HERE, ON_THE_COMMAND_LINE, Place, opened
from service.commands.report import put
from service.errors import NoResult, NotFinished, RemovedReport, ServiceError, UnknownReport

if TYPE_CHECKING:
    from psycopg.rows import DictRow


def fetch(
    report_id: Annotated[str, Parameter(help="The id of a complete report.")],
    /,
    *,
    identity: Identities = (),
    columns: Annotated[Columns | None, Parameter(help="plain or extended. Default: as it was triggered.")] = None,
    format: Annotated[Format, Parameter(help="How the figures are written.")] = "csv",
    out: common.Out = common.STDOUT,
    place: Place = HERE,
) -> int:
    """A report that a server has made, from the registry itself; if it is encrypted, with a key that opens it.

    store-uptime fetch REPORT_ID --identity key.txt --out week.csv
    """
    from service.sealed import vault

    keys = vault((), identity)
    with opened(place) as ask:
        known, stored = ask("status", id=report_id), ask("figures", id=report_id)
        if not known:
            raise UnknownReport
        if not stored:
            raise lacking(known[0])
        report = pipeline.restored(keys.opened(stored[0]["figures"]))
        ask("note", action="read", subject=report_id, detail="fetch", **ON_THE_COMMAND_LINE)
    put(report.render(format, columns or known[0]["options"]["columns"]), out)
    say(f"now  {report.provenance['now']} ({report.provenance['now_is']})")
    return 0


def lacking(row: "DictRow") -> ServiceError:
    """Why a report has no figures."""
    match row["status"]:
        case "removed":
            return RemovedReport()
        case "error":
            return NoResult(row["error"])
        case _:
            return NotFinished()

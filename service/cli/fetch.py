"""`store-uptime fetch`."""

from typing import Annotated

from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import Columns, Format
from store_uptime.service import parameters
from store_uptime.service.cli.output import refuse_binary_on_terminal, write_private_output
from store_uptime.service.cli.registry import COMMAND_LINE, DEFAULT_LOCATION, RegistryLocation, registry_session
from store_uptime.service.cli.terminal import echo
from store_uptime.service.errors import ReportRemoved
from store_uptime.service.parameters import INPUT, OUTPUT, Identities


def fetch(
    report_id: Annotated[str, Parameter(group=INPUT, help="The id of a complete report.")],
    /,
    *,
    identity: Identities = (),
    columns: Annotated[
        Columns | None, Parameter(group=OUTPUT, help="The plain columns, or all. Default: as it was triggered.")
    ] = None,
    format: Annotated[Format, Parameter(group=OUTPUT, help="How the figures are written.")] = "csv",
    out: parameters.Out = parameters.STDOUT,
    location: RegistryLocation = DEFAULT_LOCATION,
) -> int:
    """A report that a server has made, from the registry itself.

    If it is encrypted, name a key that decrypts it:

        store-uptime fetch REPORT_ID --identity key.txt --out week.csv
    """
    # Imported by those who fetch, not by those who read the list of commands.
    from store_uptime.service.encryption import encryption
    from store_uptime.service.registry.reports import known, with_result

    refuse_binary_on_terminal(format, out)
    keys = encryption((), identity)
    with registry_session(location) as ask:
        row = with_result(known(next(iter(ask("status", id=report_id)), None)))
        stored = ask("figures", id=report_id)
        if not stored:
            raise ReportRemoved
        report = pipeline.restore(keys.opened(stored[0]["figures"]))
        ask("note", action="read", subject=report_id, detail="fetch", **COMMAND_LINE)
    write_private_output(report.render(format, columns or row["options"]["columns"]), out)
    echo(f"now  {report.provenance['now']} ({report.provenance['now_is']})")
    return 0

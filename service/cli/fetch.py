"""`store-uptime fetch`."""

from typing import Annotated, Literal

from cyclopts import Parameter

from store_uptime.pipeline import Columns
from store_uptime.service import parameters
from store_uptime.service.cli.output import agreed_format, refuse_binary_on_terminal, write_private_output
from store_uptime.service.cli.registry import COMMAND_LINE, DEFAULT_LOCATION, RegistryLocation, registry_session
from store_uptime.service.cli.terminal import echo
from store_uptime.service.errors import ReportRemoved
from store_uptime.service.parameters import INPUT, OUTPUT, Identities
from store_uptime.service.registry.audit import record_audit
from store_uptime.service.registry.reports import report_row, stored_figures

# As `pipeline.View` has them, whose import takes Polars: `store-uptime --help` would wait for it.
Part = Literal["stores", "groups", "profile", "outages", "longest-outages"]


def fetch(
    report_id: Annotated[str, Parameter(group=INPUT, help="The id of a complete report.")],
    /,
    *,
    identity: Identities = (),
    columns: Annotated[
        Columns | None, Parameter(group=OUTPUT, help="The plain columns, or all. Default: as it was triggered.")
    ] = None,
    format: parameters.FormatChoice = None,
    view: Annotated[Part, Parameter(group=OUTPUT, help="Of a report by periods: which of its tables.")] = "stores",
    out: parameters.Out = parameters.STDOUT,
    location: RegistryLocation = DEFAULT_LOCATION,
) -> int:
    """A report that a server has made, from the registry itself.

    If it is encrypted, name a key that decrypts it:

        store-uptime fetch REPORT_ID --identity key.txt --out week.csv
    """
    # Imported by those who fetch, not by those who read the list of commands.
    from store_uptime.service.encryption import load_encryption
    from store_uptime.service.registry.report_lookup import kept, with_result
    from store_uptime.service.workers.report_kinds import restored

    file_format = agreed_format(format, out) or "csv"
    refuse_binary_on_terminal(file_format, out)
    keys = load_encryption((), identity)
    with registry_session(location) as execute:
        row = with_result(kept(next(iter(execute(report_row(report_id))), None)))
        stored = execute(stored_figures(report_id))
        if not stored:
            raise ReportRemoved
        opened = {name: content and keys.decrypt(content) for name, content in vars(stored[0]).items()}
        report = restored(**opened)
        execute(record_audit(COMMAND_LINE, "read", report_id, "fetch"))
    write_private_output(report.render(file_format, columns or row.options["columns"], view), out)
    provenance = report.about["provenance"]
    echo(f"now  {provenance['now']} ({provenance['now_is']})")
    return 0

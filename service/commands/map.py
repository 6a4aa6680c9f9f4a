"""`store-uptime map`."""

import pipeline
from service.commands import common
from service.commands.report import put


def map(  # noqa: A001 - a command's name
    source: common.SourceAddress = None,
    *,
    schema: common.Schema = None,
    out: common.Out = common.STDOUT,
) -> int:
    """Look at a source and propose a mapping: what it calls tables, columns and statuses, how it counts days and times.

    It is TOML, with comments on what was seen. Read it, change it, and give it to report, load, timeline and serve.

        store-uptime map ./feed --out map.toml

        store-uptime report --source ./feed --map map.toml
    """
    put(pipeline.proposed_mapping(common.address(source), schema).encode(), out, pipeline.ForEditing("a mapping"))
    return 0

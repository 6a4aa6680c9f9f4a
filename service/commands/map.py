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
    """Look at a source and propose a mapping for it, to be edited.

    A mapping says what a source calls tables, columns and statuses, and how
    it counts days and times. report, load, timeline and serve take it.

        store-uptime map ./feed --out map.toml
        store-uptime report ./feed --map map.toml
    """
    put(pipeline.proposed_mapping(common.address(source), schema).encode(), out, pipeline.ForEditing("a mapping"))
    return 0

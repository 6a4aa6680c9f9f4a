"""`store-uptime map`."""

from store_uptime import pipeline
from store_uptime.service import parameters
from store_uptime.service.cli.output import write_output


def map(  # noqa: A001 - a command's name
    source: parameters.SourceAddress = None,
    *,
    schema: parameters.Schema = None,
    out: parameters.Out = parameters.STDOUT,
) -> int:
    """Look at a source and propose a mapping for it, to be edited.

    A mapping says what a source calls tables, columns and statuses, and how
    it counts days and times. report, load, timeline and serve take it.

        store-uptime map ./feed --out map.toml
        store-uptime report ./feed --map map.toml
    """
    mapping = pipeline.proposed_mapping(parameters.address(source), schema)
    write_output(mapping.encode(), out, pipeline.ForEditing("a mapping"))
    return 0

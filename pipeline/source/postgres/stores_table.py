"""The table of stores in a database, which may be absent: what its name leads to in, the table and remarks out."""

from dataclasses import dataclass

from store_uptime.pipeline.data_warnings import SourceRemark
from store_uptime.pipeline.errors import SourceMismatch
from store_uptime.pipeline.mapping.mapping import SourceMapping, mapping_line
from store_uptime.pipeline.source.postgres.catalogue import CatalogueColumn, found_table
from store_uptime.pipeline.source.postgres.database_tables import DatabaseTable, qualified_name
from store_uptime.pipeline.source.postgres.locks import OptionalTable
from store_uptime.pipeline.source.postgres.session import Session
from store_uptime.pipeline.tables import Table

STORES: Table = "stores"


@dataclass(frozen=True)
class StoresTable:
    """The table, None where there is none to read; and remarks on why, or on columns that are left out."""

    table: DatabaseTable | None
    remarks: tuple[SourceRemark, ...] = ()


def stores_table(session: Session, schema: str | None, mapping: SourceMapping) -> StoresTable:
    """The table of stores. Raises SourceMismatch where the mapping names a table that is absent, or none of stores."""
    qualified = qualified_name(STORES, schema, mapping)
    leads_to = session.optional(qualified)
    if leads_to is OptionalTable.ABSENT and STORES not in mapping.tables:
        return StoresTable(None)
    if leads_to is OptionalTable.NOT_PERMITTED:
        return StoresTable(None, (not_permitted(mapping, qualified, "names and attributes of stores"),))
    try:
        if leads_to is not OptionalTable.READABLE:
            raise not_of_stores(session, leads_to, mapping)
        return readable_table(session, qualified, mapping)
    except SourceMismatch as error:
        if STORES in mapping.tables:
            raise
        # Many databases have a table of this name that is about something else.
        return StoresTable(
            None, (SourceRemark(f"{error.found[:1].upper()}{error.found[1:]}, so it is not read; {error.needed}."),)
        )


def readable_table(session: Session, qualified: str, mapping: SourceMapping) -> StoresTable:
    columns = [CatalogueColumn(*row) for row in session.catalogue(qualified)]
    readable = [column for column in columns if column.readable]
    found = found_table(session.name, STORES, mapping, list(readable), lambda *_: [])
    hidden = ", ".join(column.name for column in columns if not column.readable)
    remarks = (not_permitted(mapping, found.full_name, hidden),) if hidden else ()
    return StoresTable(DatabaseTable(session, found, mapping, STORES), remarks)


def not_of_stores(session: Session, leads_to: OptionalTable, mapping: SourceMapping) -> SourceMismatch:
    name, column = mapping.table_name(STORES), mapping.column_name(STORES, "store_id")
    if leads_to is OptionalTable.ABSENT:
        return SourceMismatch(
            session.name, f"there is no table {name}", "the mapping names it: is it in another schema?"
        )
    return SourceMismatch(
        session.name,
        f"the table {name} has no column {column}",
        f"if it holds the stores, a mapping (--map FILE) can name their ids: {mapping_line(STORES, 'store_id', '…')}",
    )


def not_permitted(mapping: SourceMapping, full_name: str, left_out: str) -> SourceRemark:
    return SourceRemark(
        f"Permission denied for {mapping.table_name(STORES)}, so without {left_out}. "
        f"Ask its owner: grant select on {full_name} to this user."
    )

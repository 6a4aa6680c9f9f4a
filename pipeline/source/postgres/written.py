"""A column and its type in, SQL for the text that a CSV file would hold out, whatever the settings of the server.

date_text    a date of `valid_from` or `valid_to`
value_text   any value, such as an attribute of a store
"""

from psycopg.sql import SQL, Composable, Identifier, Literal as Value

from store_uptime.pipeline.source.postgres.times import FLOATS, STAMPS

DATES = ("date", *STAMPS)
OPEN = {"valid_from": "-infinity", "valid_to": "infinity"}
"""What PostgreSQL has for a range that is open on that side."""


def date_text(column: Identifier, kind: str, standard: str) -> Composable:
    """A date as text; null where the range is open. A time that is no midnight, in UTC, is kept, and so is no date."""
    if kind not in DATES:
        return SQL("{}::text").format(column)
    stamp = in_utc(column, kind)
    return SQL(
        "case when {stamp} = {open} then null "
        "when {stamp} < '0001-01-01' or {stamp} >= '10000-01-01' then {stamp}::text "
        "when {stamp} = date_trunc('day', {stamp}) then to_char({stamp}, 'YYYY-MM-DD') "
        "else to_char({stamp}, 'YYYY-MM-DD HH24:MI:SS.US') end"
    ).format(stamp=stamp, open=Value(OPEN[standard]))


def value_text(column: Identifier, kind: str) -> Composable:
    """A value as text. A number loses the zeros after its point, as in files: 1.0 is the word 1."""
    if kind in (*FLOATS, "numeric"):
        return SQL("regexp_replace({}::text, '[.]0+$', '')").format(column)
    if kind in DATES:
        form = "YYYY-MM-DD" if kind == "date" else "YYYY-MM-DD HH24:MI:SS.US"
        stamp = in_utc(column, kind)
        return SQL("case when isfinite({0}) then to_char({0}, {1}) else {0}::text end").format(stamp, Value(form))
    return SQL("{}::text").format(column)


def in_utc(column: Identifier, kind: str) -> Composable:
    # A text of a date or a time is written by the DateStyle and the TimeZone of the role.
    if kind == "timestamp with time zone":
        return SQL("({} at time zone 'UTC')").format(column)
    return SQL("{}::timestamp").format(column)

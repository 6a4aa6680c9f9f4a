"""How likely names are to be those of our columns, and words those of the statuses.

For proposals, which people check before they are used.
"""

import re
from collections.abc import Sequence

from store_uptime.pipeline.mapping.mapping import SourceMapping, mapping_line
from store_uptime.pipeline.tables import COLUMNS, OPTIONAL_COLUMNS, VARIANTS, Table, own_columns

SYNONYMS = {
    "store_id": ("store", "shop", "restaurant", "branch", "location", "outlet", "site", "merchant", "venue", "kitchen"),
    "timestamp_utc": ("timestamp", "time", "ts", "seen", "polled", "checked", "observed", "recorded", "created", "at"),
    "status": ("status", "state", "online", "active", "open", "up", "available", "availability", "result"),
    "day_of_week": ("weekday", "dow", "day"),
    "start_time_local": ("start", "starts", "open", "opens", "opening", "opened", "from", "begin"),
    "end_time_local": ("end", "ends", "close", "closes", "closing", "closed", "to", "until"),
    "timezone_str": ("timezone", "tz", "zone", "timezones", "tzid", "iana"),
    "name": ("name", "title", "label"),
}
"""Words that a name of a column is made of, the most telling first."""
OPTIONAL_SYNONYMS = {
    "reason": ("reason", "cause", "why", "error", "message"),
    "valid_from": ("valid from", "valid since", "from date", "start date", "effective from", "date from"),
    "valid_to": ("valid to", "valid until", "to date", "end date", "effective to", "date to", "until date"),
}
"""The names, as words, that optional columns have; there is no guess beyond them, since most tables have none."""
FILLERS = {"id", "utc", "local", "time", "str", "is", "name", "key", "code", "of", "no", "at", "uuid", "number"}
"""Words that mean little beside another one."""
ACTIVE = (
    *("active", "online", "up", "open", "opened", "on", "1", "true", "t", "yes", "y", "ok"),
    *("available", "enabled", "alive", "healthy", "running", "reachable", "connected"),
)
INACTIVE = (
    *("inactive", "offline", "down", "closed", "off", "0", "false", "f", "no", "n"),
    *("unavailable", "disabled", "dead", "unhealthy", "stopped", "unreachable", "disconnected"),
)
"""Words for the two statuses, lower case."""
YES_OR_NO = {"on", "off", "1", "0", "true", "false", "t", "f", "yes", "no", "y", "n", "ok"}
"""Those of them that other columns hold too."""
USUAL, RESPELT, SURE, PROBABLE = 1.0, 0.99, 0.8, 0.5
# Comparing is quadratic in the length of a name, and there are files of a hundred thousand columns.
LONGEST_NAME, MOST_NAMES = 100, 200


def likeness(column: str, name: str) -> float:
    """The likeness of a name to that of a column: 1 the same, `SURE` and more a synonym, 0 none.

    `RESPELT`: only case, spaces, underscores or hyphens differ.
    """
    if VARIANTS.get(name, name) == column:
        return USUAL
    if "".join(name_words(name)) == "".join(name_words(column)):
        return RESPELT
    synonyms, parts = SYNONYMS[column], name_words(name)
    if column == "store_id" and parts == ["id"]:
        return PROBABLE  # of a table of stores; elsewhere it is that of the row
    telling = [part for part in parts if part not in FILLERS] or parts
    if telling and all(part in synonyms for part in telling):
        return 0.95 - min(synonyms.index(part) for part in telling) / 100
    if any(part in synonyms for part in telling):
        return PROBABLE + 0.1
    from difflib import SequenceMatcher  # takes 2 ms, and every report imports the words of this module

    near = max(SequenceMatcher(None, "_".join(parts), known).ratio() for known in (column, *synonyms))
    return PROBABLE * near if near >= 0.8 else 0.0


def name_words(name: str) -> list[str]:
    """The words that a name consists of: `shopId`, `Shop ID` and `shop_id` are two."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower().replace("time zone", "timezone")
    return re.findall(r"[^\W_]+", spaced.replace("time_zone", "timezone"))


def likely_columns(table: Table, present: Sequence[str]) -> dict[str, str]:
    """For the columns of a table the names that are most like theirs, each name for one of them."""
    names = [name for name in present[:MOST_NAMES] if len(name) <= LONGEST_NAME]
    columns = own_columns(table) if table == "stores" else COLUMNS[table]
    pairs = [(likeness(column, name), column, name) for column in columns for name in names]
    found: dict[str, str] = {}
    for near, column, name in sorted(pairs, key=lambda pair: -pair[0]):
        if near > 0 and column not in found and name not in found.values():
            found[column] = name
    return found


def optional_columns(table: Table, present: Sequence[str]) -> dict[str, str]:
    """For the optional columns of one of the three tables the names that can only mean them, other than their own."""
    used = likely_columns(table, present).values()
    names = [name for name in present[:MOST_NAMES] if len(name) <= LONGEST_NAME and name not in used]
    words = {" ".join(name_words(name)): name for name in names}
    found: dict[str, str] = {}
    for column in OPTIONAL_COLUMNS[table]:
        known = next((synonym for synonym in OPTIONAL_SYNONYMS[column] if synonym in words), None)
        if known is not None and column not in present:
            found[column] = words[known]
    return found


def table_likeness(table: Table, present: Sequence[str]) -> float:
    """The likeness of a table's columns to those of one of ours: 1 the same names, 0 none."""
    found = likely_columns(table, present)
    if list(found) == ["store_id"] and len(present) > len(own_columns(table)):
        return 0.0  # every table has the id: one with so many others is about something else
    return sum(likeness(column, name) for column, name in found.items()) / len(COLUMNS[table])


def mapping_remedy(table: Table, present: Sequence[str], mapping: SourceMapping) -> str:
    """The lines of a mapping that would name the missing columns of a table, for the sentence of an error."""
    missing = mapping.missing_columns(table, present)
    free = [name for name in present if name not in {mapping.column_name(table, column) for column in COLUMNS[table]}]
    near = likely_columns(table, free)
    lines = [mapping_line(table, column, near.get(column, "…")) for column in missing]
    return f"a mapping (--map FILE) can name it: {', '.join(lines)}"

"""Names of the files that answers hold: what is in them, and as of when: stores-down-now-2026-03-10T1558Z.xlsx.

stores_name    of the file of a report
part_name      of a table that belongs to one
rejects_name   of its rejected rows
attachment     the header that gives a file its name (RFC 6266)

Files that are delivered have other names, which are never the same twice: `report_lookup.delivered_name`.
"""

import re
from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING
from unicodedata import normalize

from store_uptime.pipeline import Only, Selection
from store_uptime.service.registry.reports import ReportRow

if TYPE_CHECKING:
    from store_uptime.service.registry.rows import StoredOptions

LONGEST = 80  # letters, with the ending
BETWEEN = re.compile(r"-*(?:[^A-Za-z0-9._-]+-*)+")


def stores_name(row: ReportRow, selection: Selection, ending: str) -> str:
    """stores-below-95-week-city-Berlin-2026-03-10T1558Z.csv, or stores-last-week-by-day-….csv of one by periods."""
    return file_name(["stores", *period_words(row.options), *selection_words(selection)], row, ending)


def part_name(row: ReportRow, part: list[str], selection: Selection, ending: str) -> str:
    """groups-by-city-last-week-….csv. part: what the table is, in words."""
    return file_name([*part, *period_words(row.options), *selection_words(selection)], row, ending)


def rejects_name(row: ReportRow, table: str) -> str:
    """rejected-polls-2026-03-10T1558Z.csv."""
    return file_name(["rejected", table], row, "csv")


def by_words(by: list[str]) -> list[str]:
    """by-brand-city, of a table of groups."""
    return ["by", *by] if by else []


def period_words(options: "StoredOptions") -> Iterator[str]:
    """last-week by-day on-UTC, of a report by periods."""
    period = options.get("period", {})
    if "name" in period:
        yield period["name"]
    elif "start" in period:
        yield f"{period['start']}-to-{period.get('end', 'now')}"
    yield from (f"{name}-{period[name]}" for name in ("by", "on") if name in period)


def selection_words(selection: Selection) -> Iterator[str]:
    """Which stores are in it."""
    if selection.down_now:
        yield "down-now"
    if selection.got_worse:
        yield "got-worse"
    if selection.no_recent_poll:
        yield "no-recent-poll"
    if selection.below is not None:
        yield f"below-{selection.below:g}-{selection.window}"
    if selection.unknown:
        yield f"unknown-{selection.window}"
    yield from only_words(selection.only)
    if selection.zone:
        yield f"zone-{selection.zone}"
    if selection.search:
        yield f"search-{selection.search}"


def only_words(only: Only) -> Iterator[str]:
    """city-Berlin-Paris; of a store without a value city-none."""
    for name, values in only:
        yield "-".join([name, *(value or "none" for value in values)])


def file_name(words: list[str], row: ReportRow, ending: str) -> str:
    """The words, cut where they are too long, and the report's now; its id where nobody has kept that."""
    stamp = row.id[:8] if row.as_of is None else f"{row.as_of.astimezone(UTC):%Y-%m-%dT%H%MZ}"
    end = f"-{stamp}.{ending}"
    plain = "-".join(filter(None, map(plain_text, words)))
    return plain[: LONGEST - len(end)].rstrip("-._") + end


def plain_text(text: str) -> str:
    """A text in the letters that a name of a file has everywhere: Sao-Paulo for São Paulo."""
    return BETWEEN.sub("-", normalize("NFKD", text).encode("ascii", "ignore").decode()).strip("-.")


def attachment(name: str) -> str:
    """Content-Disposition for a file of this name, which needs no other form: its letters are plain ones."""
    return f'attachment; filename="{name}"'

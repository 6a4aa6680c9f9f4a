"""Rejected polls in, sentences with their remedy out: the lines of a mapping, where these would help."""

from collections.abc import Iterator, Sequence

import polars as pl

from store_uptime.pipeline.clean.reasons import Reason
from store_uptime.pipeline.mapping.likeness import ACTIVE, INACTIVE
from store_uptime.pipeline.mapping.mapping import SourceMapping, mapping_line
from store_uptime.pipeline.mapping.time_units import likely_unit
from store_uptime.pipeline.tables import SPACE

FORMS = "Times are written like 2024-05-05 12:00:00 UTC."
WORDS = 20  # for the status: where there are more, it is another column


def remedy(rejected: pl.DataFrame, good: SourceMapping | None = None) -> str:
    """What would make rejected polls acceptable.

    good: the mapping by which other polls were accepted; None: none was.
    """
    return " ".join([*unit_sentences(rejected), *word_sentences(rejected, good)])


def unit_sentences(rejected: pl.DataFrame) -> Iterator[str]:
    texts = rejected.filter(reason=Reason.BAD_TIMESTAMP)["timestamp_utc"].str.strip_chars(SPACE)
    if texts.is_empty():
        return
    numbers = texts.filter(texts.str.contains(r"^-?[0-9]+(\.[0-9]+)?$")).cast(pl.Float64)
    # A few numbers among other texts are no sign of a unit.
    unit = likely_unit(numbers) if 2 * numbers.len() > texts.len() else None
    if unit is None:
        yield FORMS
        return
    line = mapping_line("store_status", "timestamp_unit", unit)
    yield f"The line {line} in a mapping (--map) says what its numbers count."


def word_sentences(rejected: pl.DataFrame, good: SourceMapping | None) -> Iterator[str]:
    words = rejected.filter(reason=Reason.BAD_STATUS)["status"].str.strip_chars(SPACE).str.to_lowercase()
    # Sorted by word too: `value_counts` leaves words of one count in an order that changes from run to run.
    counts = words.drop_nulls().value_counts(sort=True).sort("count", "status", descending=[True, False])
    found = [word for word in counts["status"].head(WORDS) if word]
    if found:
        lines = " and ".join(word_lines(found, good))
        yield f"A mapping (--map) says which words mean what, with lines such as {lines}."


def word_lines(words: Sequence[str], good: SourceMapping | None) -> Iterator[str]:
    meanings = {"active": [word for word in words if word in ACTIVE], "inactive": [w for w in words if w in INACTIVE]}
    is_known = any(meanings.values())
    right: dict[str, tuple[str, ...]] = {}
    if good is not None:
        # A key of a mapping replaces all the words for its status: those that work already must be in the line too.
        right = {"active": good.active, "inactive": good.inactive}
    for key, meant in meanings.items():
        if meant or not is_known:
            yield mapping_line("store_status", key, [*right.get(key, ()), *(meant or ["…"])])

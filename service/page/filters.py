"""A selection of stores in, the links of the table's filters out; assets/chips.js has the same words.

selection_query  the words of a selection, as an address and the API have them
chip_links       the lists of stores to choose from
active_filters   what is set, each with the address without it
nothing_words    the sentence where no store is left
"""

from dataclasses import dataclass, replace

from store_uptime.pipeline import Selection
from store_uptime.service.page.humanize import capitalized, format_value
from store_uptime.service.page.models.table import Chip

Query = list[tuple[str, str]]
CHIPS: dict[Chip, str] = {"worst": "Worst this week", "worse": "Got worse", "stale": "No recent poll"}
"""The lists that are of the page alone."""


@dataclass(frozen=True)
class ChipLink:
    """A list of stores. name: as the script calls it; count: how many there are, None where it is but an order."""

    name: str
    words: str
    count: int | None
    is_current: bool
    query: Query


@dataclass(frozen=True)
class ActiveFilter:
    """A filter that is set. query: the address without it."""

    words: str
    query: Query


def selection_query(selection: Selection) -> Query:
    """The words of a selection: what is set, a pair for each value of an attribute."""
    plain = {name: value for name, value in selection.to_dict().items() if name != "only"}
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}
    return [*texts.items(), *(("only", f"{name}={value}") for name, values in selection.only for value in values)]


def chip_links(selection: Selection, chip: Chip, counts: dict[str, int], down_word: str) -> list[ChipLink]:
    """The lists, with how many stores each has of those that the other filters leave."""
    others = selection_query(replace(selection, down_now=False))
    return [
        ChipLink(
            name="down_now",
            words=capitalized(down_word),
            count=counts["down_now"],
            is_current=selection.down_now,
            query=[("down_now", "true"), *others],
        ),
        *(
            ChipLink(name, words, counts.get(name), chip == name and not selection.down_now, [("chip", name), *others])
            for name, words in CHIPS.items()
        ),
        ChipLink("", "All", counts["all"], not chip and not selection.down_now, others),
    ]


def active_filters(selection: Selection, chip: Chip) -> list[ActiveFilter]:
    """What is set besides the list, in words."""
    kept = [("chip", chip)] if chip else []

    def without(**changes: object) -> Query:
        return [*kept, *selection_query(replace(selection, **changes))]  # type: ignore[arg-type]

    found: list[ActiveFilter] = []
    if selection.search:
        found.append(ActiveFilter(f"“{selection.search}”", without(search="")))
    if selection.below is not None:
        found.append(ActiveFilter(f"under {selection.below:g} % in the {selection.window}", without(below=None)))
    if selection.unknown:
        found.append(ActiveFilter(f"unknown time in the {selection.window}", without(unknown=False)))
    if selection.zone:
        found.append(ActiveFilter(f"zone {selection.zone}", without(zone="")))
    for name, values in selection.only:
        for value in values:
            left = [(each, tuple(v for v in chosen if (each, v) != (name, value))) for each, chosen in selection.only]
            only = tuple((each, chosen) for each, chosen in left if chosen)
            found.append(ActiveFilter(f"{name} {format_value(value)}", without(only=only)))
    return found


def nothing_words(selection: Selection, chip: Chip, down_word: str) -> str:
    """Why the table is empty."""
    lacking = {"worse": "got worse", "stale": "is without a recent poll"}.get(chip)
    if selection.down_now:
        lacking = f"is {down_word}" if down_word.endswith("now") else f"was {down_word}"
    return f"No store of these {lacking}." if lacking else "No store fits these filters."

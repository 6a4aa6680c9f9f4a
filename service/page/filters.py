"""A selection of stores in, the links of the table's filters out; assets/chips.js has the same words.

selection_query  the words of a selection, as an address and the API have them
chip_links       the lists of stores to choose from
active_filters   what is set, each with the address without it
nothing_words    the sentence where no store is left
"""

from dataclasses import dataclass, replace
from urllib.parse import quote

from store_uptime.pipeline import Selection
from store_uptime.service.page.humanize import DOWN_NOW, capitalized, format_value
from store_uptime.service.page.models.table import LISTS, PAGE_ROWS, Chip, TableChoice, without_lists

Query = list[tuple[str, str]]
WORST, GOT_WORSE, NO_RECENT_POLL = "Worst this week", "Got worse", "No recent poll"


@dataclass(frozen=True)
class ChipLink:
    """A list of stores. name: as an address and the script call it; count: how many there are, None where it is but an
    order."""

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
    texts = {name: query_text(value) for name, value in plain.items()}
    return [*texts.items(), *(("only", f"{name}={value}") for name, values in selection.only for value in values)]


def query_text(value: str | float) -> str:
    """true, 95, 99.95."""
    if isinstance(value, bool):
        return str(value).lower()
    return percent_text(value) if isinstance(value, float) else str(value)


def percent_text(value: float) -> str:
    """95, not 95.0: as somebody has written it."""
    return f"{value:.9f}".rstrip("0").rstrip(".")


def chip_links(selection: Selection, chip: Chip, counts: dict[str, int], down_word: str) -> list[ChipLink]:
    """The lists, with how many stores each has of those that the other filters leave."""
    others = selection_query(without_lists(selection))
    words = {"down_now": capitalized(down_word), "got_worse": GOT_WORSE, "no_recent_poll": NO_RECENT_POLL}
    lists = {
        name: ChipLink(name, words[name], counts[name], getattr(selection, name), [(name, "true"), *others])
        for name in LISTS
    }
    is_all = not chip and not any(link.is_current for link in lists.values())
    return [
        lists.pop("down_now"),
        ChipLink("worst", WORST, None, chip == "worst", [("chip", "worst"), *others]),
        *lists.values(),
        ChipLink("", "All", counts["all"], is_all, others),
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
        words = f"under {percent_text(selection.below)} % in the {selection.window}"
        found.append(ActiveFilter(words, without(below=None)))
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


def page_links(selection: Selection, choice: TableChoice, matched: int) -> dict[str, Query]:
    """The pages before and after, for who has no JavaScript: words, and the address of each that there is."""
    words = {"chip": choice.chip, "sort": choice.sort, "show": ",".join(quote(name, safe="") for name in choice.show)}
    kept = [*selection_query(selection), *((name, word) for name, word in words.items() if word)]
    near = {"Previous": choice.page - 1, "Next": choice.page + 1}
    last = -(-matched // PAGE_ROWS)
    return {word: [*kept, ("page", str(page))] for word, page in near.items() if 1 <= page <= last}


def nothing_words(selection: Selection, down_word: str) -> str:
    """Why the table is empty."""
    lacking = {
        "down_now": f"is {down_word}" if down_word == DOWN_NOW else f"was {down_word}",
        "got_worse": "got worse",
        "no_recent_poll": "is without a recent poll",
    }
    said = [words for name, words in lacking.items() if getattr(selection, name)]
    return f"No store of these {' and '.join(said)}." if said else "No store fits these filters."

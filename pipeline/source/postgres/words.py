"""The words for the two statuses, in statements over PostgreSQL."""

from psycopg.sql import SQL, Composable, Literal as Value

from store_uptime.pipeline.mapping.mapping import SourceMapping
from store_uptime.pipeline.tables import SPACE


def status_fragments(status: Composable, mapping: SourceMapping) -> dict[str, Composable]:
    """The SQL expressions over a status column that statements use.

    is_active          true, false, or null, by comparing with `valid_spellings` alone, which is quick
    is_valid_spelling  whether it is one of those
    is_status          whether it is one of the words in any case, spaces around it ignored
    is_inactive        whether it is one of those for inactive, likewise
    """
    text = SQL("{}::text").format(status)
    valid = valid_spellings(mapping)
    cases = SQL(" ").join(SQL("when {} then {}").format(Value(word), Value(active)) for word, active in valid.items())
    return {
        "is_active": SQL("case {} {} end").format(text, cases),
        "is_valid_spelling": SQL("{} in ({})").format(text, sql_list(tuple(valid))),
        "is_status": SQL("{} in ({})").format(lowered(text, mapping), sql_list(mapping.active + mapping.inactive)),
        "is_inactive": SQL("{} in ({})").format(lowered(text, mapping), sql_list(mapping.inactive)),
    }


def valid_spellings(mapping: SourceMapping) -> dict[str, bool]:
    """Each word with what it means: first as it is, then in upper case, and with an upper case letter first."""
    meaning = dict.fromkeys(mapping.active, True) | dict.fromkeys(mapping.inactive, False)
    spelled = {
        spelling: is_active
        for word, is_active in meaning.items()
        for spelling in (word.upper(), word.capitalize())
        if spelling.lower() == word
    }
    return meaning | {spelling: is_active for spelling, is_active in spelled.items() if spelling not in meaning}


def lowered(text: Composable, mapping: SourceMapping) -> Composable:
    """A text trimmed and in lower case, as far as the words have its letters."""
    # What `lower` does beyond ASCII depends on the server's locale, so the letters of the words are translated by name.
    letters = {letter for word in mapping.active + mapping.inactive for letter in word if not letter.isascii()}
    pairs = {letter.upper(): letter for letter in sorted(letters) if letter.upper().lower() == letter}
    upper, lower = ("".join(side) for side in (pairs, pairs.values()))
    trimmed = SQL("btrim({}, {})").format(text, Value(SPACE))
    named = SQL("translate({}, {}, {})").format(trimmed, Value(upper), Value(lower)) if pairs else trimmed
    return SQL('lower({} collate "C")').format(named)


def sql_list(words: tuple[str, ...]) -> Composable:
    return SQL(", ").join(map(Value, words))

"""The keys that the file of a mapping may have for each table, and their values: docs/semantics.md, "Mapping"."""

import json
from datetime import date, time
from typing import Literal, cast, get_args

from store_uptime.pipeline.errors import BadMapping
from store_uptime.pipeline.tables import NEEDED_COLUMNS, SPACE, Table, own_columns

TimestampUnit = Literal["s", "ms", "us"]
Monday = Literal[0, 1]
LONGEST_VALUE = 80
KEYS: dict[Table, tuple[str, ...]] = {
    "store_status": ("table", *own_columns("store_status"), "active", "inactive", "timestamp_unit"),
    "menu_hours": ("table", *own_columns("menu_hours"), "monday"),
    "timezones": ("table", *own_columns("timezones")),
    "stores": ("table", *own_columns("stores")),
}


def check_section(file: str, name: str, section: object) -> None:
    """Raises BadMapping where a part of a file is none of the tables, or has a key or a value that is not allowed."""
    if name not in NEEDED_COLUMNS:
        raise BadMapping(file, name, "is none of the tables", f"[{'], ['.join(NEEDED_COLUMNS)}]")
    known = ", ".join(KEYS[cast("Table", name)])
    if not isinstance(section, dict):
        raise BadMapping(file, name, "is a value, not a table", f"a line [{name}], and below it {known}")
    for key, value in section.items():
        if key not in KEYS[cast("Table", name)]:
            raise BadMapping(file, f"[{name}] {key}", "is not known", known)
        is_allowed, allowed = RULES.get(key, A_NAME)
        if not is_allowed(value):
            raise BadMapping(file, f"[{name}] {key}", f"cannot be {shortened_toml(value)}", allowed)


def is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def is_table_name(value: object) -> bool:
    return isinstance(value, str) and value.count(".") <= 1 and all(map(is_name, value.split(".")))


def is_words(value: object) -> bool:
    """Whether it is a list of at least one text, whole number, true or false."""
    return isinstance(value, list) and bool(value) and all(map(is_word, value))


def is_word(value: object) -> bool:
    return isinstance(value, str | int) and bool(word_text(value))


def is_monday(value: object) -> bool:
    # Not isinstance: `true` is an int, and would be 1.
    return type(value) is int and value in get_args(Monday)


def is_unit(value: object) -> bool:
    return value in get_args(TimestampUnit)


def word_text(word: str | int) -> str:
    """A word for a status as it is compared: trimmed, lower case; `true` and `1` as the text of a table."""
    return str(word).strip(SPACE).lower()


def shortened_toml(value: object) -> str:
    """A value as its file has it, cut where it is long."""
    text = toml_value(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def toml_value(value: object) -> str:
    """A value as TOML has it."""
    match value:
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml_value(key)} = {toml_value(each)}' for key, each in value.items())}}}"
        case date() | time():  # a datetime too
            return value.isoformat()
        case float():
            return str(value)  # json writes NaN and Infinity, TOML nan and inf
        case _:
            # A string of JSON is one of TOML, but for DEL, which JSON leaves as it is.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


A_NAME = (is_name, 'a name in quotes, such as "shop_id"')
WORDS = (is_words, 'a list of words, whole numbers, true and false, such as ["online", 1, true]')
RULES = {
    "table": (is_table_name, 'a name in quotes, such as "polls" or "shop.polls"'),
    "active": WORDS,
    "inactive": WORDS,
    "monday": (is_monday, "0 or 1"),
    "timestamp_unit": (is_unit, '"s", "ms" or "us"'),
}

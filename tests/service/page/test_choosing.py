"""What the menus offer to choose stores by, and what is chosen in words."""

import polars as pl
import pytest

from store_uptime.service.page.humanize import format_choice
from store_uptime.service.page.models.attributes import ValueCount, attribute_counts


def test_a_menu_offers_the_stores_without_a_value_beside_those_whose_value_is_called_so() -> None:
    attributes = pl.DataFrame({"store_id": ["a", "b", "c"], "name": ["A"] * 3, "brand": ["(none)", None, None]})
    found = attribute_counts(pl.DataFrame({"store_id": ["a", "b", "c", "d"]}), attributes)
    assert found == {"brand": [ValueCount("", 3), ValueCount("(none)", 1)]}
    assert attribute_counts(pl.DataFrame({"store_id": ["a"]}), None) == {}


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("city=Berlin", "city Berlin"),
        ("brand=", "brand (none)"),
        ("brand=(none)", "brand “(none)”"),
        ("a=b=c", "a b=c"),
    ],
)
def test_what_is_chosen_stands_there_in_words(choice: str, words: str) -> None:
    assert format_choice(choice) == words

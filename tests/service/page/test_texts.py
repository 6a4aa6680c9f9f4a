"""Texts of others on the page: what is long is cut, marks that turn a line are shown, and an unseen name is none."""

import re
from typing import Any

import polars as pl
import pytest

from store_uptime.service.page.humanize import visible_name
from store_uptime.service.page.models.fleet import with_names
from store_uptime.service.page.templates import FOLDER, template_engine

MACROS: Any = template_engine().engine.get_template("macros.html").module
LONG = "x" * 1000
INVISIBLE = ["", " ", "\u200b", "\u202e \u2069", "\u3164", "\ufeff\u00ad", "\t"]
OWN = ("tojson", "isolated", "without_controls")


def test_what_is_long_is_cut_and_can_be_read_in_full() -> None:
    assert str(MACROS.cell_text(LONG)) == f'<bdi class="long" title="{LONG}">{LONG}</bdi>'
    assert str(MACROS.cell_text("corner shop")) == "<bdi>corner shop</bdi>"
    cut, whole = str(MACROS.folded_text(LONG)).split("</summary>")
    assert f"<bdi>{LONG[:100]}</bdi>" in cut
    assert f"<bdi>{LONG}</bdi>" in whole


def test_marks_that_turn_a_line_are_shown() -> None:
    assert str(MACROS.store_name("id\u202e", "name\u2066")) == '<bdi>name\ufffd</bdi> <bdi class="quiet">id\ufffd</bdi>'


@pytest.mark.parametrize("name", INVISIBLE, ids=map(ascii, INVISIBLE))
def test_a_name_that_nobody_sees_is_none(name: str) -> None:
    assert visible_name(name) is None
    assert str(MACROS.store_name("7", name)) == "<bdi>7</bdi>"
    attributes = pl.DataFrame({"store_id": ["7", "8"], "name": [name, f"{name}Café"]})
    assert with_names(attributes.select("store_id"), attributes)["name"].to_list() == [None, f"{name}Café"]


def test_every_text_of_others_goes_through_one_filter() -> None:
    texts = {
        (file.name, text)
        for file in (FOLDER / "templates").glob("*.html")
        for text in re.findall(r"<bdi[^>]*>[^{<]*{{(.*?)}}", file.read_text(encoding="utf-8"))
    }
    assert len(texts) > 5
    assert {each for each in texts if not any(name in each[1] for name in OWN)} <= {
        ("bar.html", ' request.scope["user"].name ')
    }

"""The words of the page: what a new user would not understand stands in no template, no script and no view."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from store_uptime.service.page.templates import ASSETS, FOLDER, document
from tests.support.running import complete, finished, trigger

TEMPLATES = FOLDER / "templates"
FORBIDDEN = re.compile(
    r"\b(fleet|lanes?|speaks?|opens nothing|ask(s|ed) for|(is|be(ing)?) made|where it comes from)\b",
    re.IGNORECASE,
)
HTML = {"Accept": "text/html"}
SPOKEN = ("title", "aria-label", "aria-description", "placeholder", "alt")
JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
LITERAL = re.compile(r"(?<![\w/])(\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`)")
COMMENT = re.compile(r"(?m)(?:^|\s)//.*$")


class Spoken(HTMLParser):
    """What people read or hear of a page: its texts, and the attributes that are shown or spoken."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def spoken_by_template(content: str) -> list[str]:
    """The texts of a template: its own, and those that stand quoted in its expressions."""
    quoted = [text[1:-1] for code in JINJA.findall(content) for text in QUOTED.findall(code) if " " in text]
    return [*Spoken(JINJA.sub(" ", content)).texts, *quoted]


def spoken_by_script(content: str) -> list[str]:
    """The literals of a script that are more than one word, and no selector."""
    return [text[1:-1] for text in LITERAL.findall(COMMENT.sub("", content)) if re.match(r".[^#.\[]*[A-Za-z] ", text)]


def bad_words(texts: list[str]) -> list[str]:
    return [" ".join(text.split()) for text in texts if FORBIDDEN.search(text)]


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.html")), ids=lambda file: file.name)
def test_a_template_has_the_words_of_its_readers(file: Path) -> None:
    assert bad_words(spoken_by_template(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("file", sorted(ASSETS.glob("*.js")), ids=lambda file: file.name)
def test_a_script_has_the_words_of_its_readers(file: Path) -> None:
    assert bad_words(spoken_by_script(file.read_text(encoding="utf-8"))) == []


def test_what_is_written_of_problems_has_them_too() -> None:
    assert bad_words(Spoken(document("problems.md")).texts) == []


def test_a_view_has_them_too(client: httpx.Client) -> None:
    failed = trigger(client, now="2020-01-01T00:00:00Z")
    finished(client, failed)
    report_id = complete(client, max_gap="1h")
    client.post("/schedules", json={"name": "words", "cron": "0 0 29 2 *"}).raise_for_status()
    views = ["/", "/history", "/timetable", "/problems", f"/view/{report_id}", f"/view/{report_id}/data"]
    views += [f"/view/{failed}", "/nothing"]
    found = {view: bad_words(Spoken(client.get(view, headers=HTML).text).texts) for view in views}
    client.delete("/schedules/words").raise_for_status()
    assert {view: words for view, words in found.items() if words} == {}


def test_bad_words_are_found() -> None:
    template = """<p title="Its lane">{{ "was asked for" if x else "fine" }} Fleet as of {{ lane }}</p>{# is made #}"""
    assert bad_words(spoken_by_template(template)) == ["Its lane", "Fleet as of", "was asked for"]
    assert bad_words(spoken_by_script('const lane = "lane";  // a lane\nsay("This key opens nothing.");')) == [
        "This key opens nothing."
    ]

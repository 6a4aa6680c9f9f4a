"""What the head of a view asks for as it arrives, against what its scripts import."""

import re

from store_uptime.service.page.templates import ASSETS, FOLDER

SCRIPTS = re.compile(r'<script type="module" src="\{\{ assets \}\}/(\w+)\.js">')
PRELOADED = re.compile(r"\{% for name in \(([^)]*)\) %\}<link rel=\"modulepreload\"")
IMPORTS = re.compile(r'(?:from|import) "\./(\w+)\.js"')


def imported(names: set[str]) -> set[str]:
    """Scripts, and all that they lead to."""
    found: set[str] = set()
    while names:
        found |= names
        names = {each for name in names for each in IMPORTS.findall((ASSETS / f"{name}.js").read_text())} - found
    return found


def test_the_table_waits_for_no_module_that_another_one_finds() -> None:
    head = "".join((FOLDER / "templates" / f"{name}.html").read_text() for name in ("base", "fleet", "fleet_scripts"))
    scripts = set(SCRIPTS.findall(head))
    preloaded = set(re.findall(r"\w+", PRELOADED.findall(head)[0]))
    assert {"page", "bar", "now", "fleet"} == scripts
    assert imported(scripts) == scripts | preloaded

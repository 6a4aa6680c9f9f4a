"""The answers of docs/api.md, taken of a service over sample data: `just answers`."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docs.calls import BLOCK, answers, calls
from store_uptime.pipeline import throwaway_server

PAGE = Path(__file__).parent / "api.md"
WIDTH = 116
LINES = 3  # of what is no JSON
SECRET = re.compile(r'(?<="webhook_secret": "whsec_)[^"]+|(?<="csrf_token": ")[^"]+')


def main() -> None:
    """Below each call what it answers now."""
    page = PAGE.read_text(encoding="utf-8")
    with TemporaryDirectory() as name, throwaway_server() as database:
        found = dict(answers([line for line, _ in calls(page)], database, Path(name)))
    PAGE.write_text(BLOCK.sub(lambda block: console(block[1], found), page), encoding="utf-8")


def console(block: str, found: dict[str, str]) -> str:
    """A block of calls, each with its answer."""
    lines = [line for line in block.splitlines() if line.startswith("$ ")]
    parts = [f"{line}\n{shown(found[line.removeprefix('$ ')])}" for line in lines]
    return f"```console\n{''.join(parts)}```"


def shown(answer: str) -> str:
    """An answer as the page shows it: of lists the first value, of text the first lines, of secrets nothing."""
    try:
        lines = spread(first_values(json.loads(answer))).splitlines() if answer else []
    except json.JSONDecodeError:
        own = [line for line in answer.splitlines() if line and "python_" not in line]  # of metrics, ours
        lines = [*own[:LINES], "…"] if len(own) > LINES else own
    text = "".join(f"{line}\n" for line in lines)
    return re.sub(r'(?<="source": ")[^"]*', "postgresql://db/shop", SECRET.sub("…", text))


def first_values(value: Any) -> Any:
    """A value whose lists have no more than one."""
    match value:
        case dict():
            return {name: first_values(each) for name, each in value.items()}
        case list():
            return [first_values(each) for each in value[:1]]
        case _:
            return value


def spread(value: Any, margin: str = " ") -> str:
    """JSON, a member a line where it does not fit on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(margin) + len(line) <= WIDTH:
        return line
    match value:
        case dict():
            members = [f"{json.dumps(name)}: {spread(each, margin + ' ')}" for name, each in value.items()]
            return "{" + f",\n{margin}".join(members) + "}"
        case list():
            return f"[{spread(value[0], margin + ' ')}]"
        case _:
            return line


if __name__ == "__main__":
    main()

"""What the types of problems lead to: docs/problems.md as a page, and a page for each type."""

import re
from dataclasses import dataclass
from functools import cache

from litestar import Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Template
from markdown_it import MarkdownIt

from store_uptime.service.page.templates import DOCUMENTS, document

ROW = re.compile(r"^\| `/problems/([a-z-]+)` \| (\d{3}) \| (.*) \| (.*) \|$", re.MULTILINE)


@dataclass(frozen=True)
class ProblemType:
    """A row of docs/problems.md. when, remedy: HTML."""

    name: str
    status: int
    when: str
    remedy: str


@cache
def problem_types() -> dict[str, ProblemType]:
    """The types by name."""
    inline = MarkdownIt("commonmark", {"html": False}).renderInline
    rows = ROW.findall((DOCUMENTS / "problems.md").read_text(encoding="utf-8"))
    return {name: ProblemType(name, int(status), inline(when), inline(remedy)) for name, status, when, remedy in rows}


@get("/")
async def every_type() -> Template:
    """All types of problems: docs/problems.md."""
    return Template("problem_types.html", context={"text": document("problems.md")})


@get("/{name:str}")
async def one_type(name: FromPath[str]) -> Template:
    """What a type of problem means, and what to do. Raises NotFoundException."""
    if name not in problem_types():
        raise NotFoundException
    return Template("problem_type.html", context={"kind": problem_types()[name]})


# Open to everybody: also who has no key yet must be able to read what is wrong.
router = Router(
    "/problems", opt={"exclude_from_auth": True}, route_handlers=[every_type, one_type], include_in_schema=False
)

"""What the page is made from: templates, and the files that they refer to under names that change with them."""

from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from markdown_it import MarkdownIt

from store_uptime.service import durations
from store_uptime.service.outgoing import targets
from store_uptime.service.page import humanize
from store_uptime.service.queue import cron
from store_uptime.service.registry.grants import Role

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
SEMANTICS = FOLDER / "semantics.md"


def engine() -> JinjaTemplateEngine:
    """The templates, with what all of them may call."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (
        humanize.format_duration,
        humanize.format_elapsed,
        humanize.ago,
        humanize.behind,
        humanize.seconds_since,
        humanize.format_instant,
        humanize.local_time,
        humanize.poll_time,
        humanize.epoch,
        humanize.number,
        humanize.sentence,
        humanize.isolated,
        humanize.options,
        targets.webhook_host,
        targets.target_name,
        durations.written,
        cron.in_words,
        may,
        may_cancel,
    )
    filters: dict[str, Any] = {word.__name__: word for word in words}
    values: dict[str, Any] = {"assets": assets_path(), "duration_pattern": durations.PATTERN}
    environment.filters.update(filters)
    environment.globals.update(values)
    return JinjaTemplateEngine.from_environment(environment)


def may(request: Request[Any, Any, Any], role: str) -> bool:
    """Whether whoever looks at the page may do what takes a role: else there is no button for it."""
    return "user" in request.scope and request.scope["user"].allows(Role(role))


def may_cancel(request: Request[Any, Any, Any], requested_by: str | None) -> bool:
    """Whether they may cancel a report of somebody: any, or their own."""
    return may(request, "admin") or (may(request, "trigger") and requested_by == request.scope["user"].name)


@cache
def assets_path() -> str:
    """Where style and scripts are: an address that their content decides, so that it may be kept for ever."""
    content = b"".join(file.name.encode() + file.read_bytes() for file in sorted(ASSETS.iterdir()))
    return f"/page/{sha256(content).hexdigest()[:12]}"


@cache
def semantics() -> str:
    """docs/semantics.md as HTML; its headings can be linked to."""
    text = SEMANTICS.read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token, content in pairwise(tokens):
        match token.type:
            case "heading_open":
                token.attrSet("id", content.content.lower().replace(" ", "-"))
                token.tag = f"h{int(token.tag[1]) + 1}"  # the page has a first heading of its own
            case "heading_close":
                token.tag = f"h{int(token.tag[1]) + 1}"
            case "table_open" | "code_block":
                token.attrSet("tabindex", "0")  # on a phone it scrolls, and a keyboard must reach it
    return markdown.renderer.render(tokens, markdown.options, {})

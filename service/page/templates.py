"""The templates of the page with their filters, the address of its assets, and the rule as HTML."""

from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from store_uptime.pipeline import DURATION_PATTERN, RELATIVE, duration_text
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.outgoing import targets
from store_uptime.service.page import filters as table_filters, freshness, humanize, period_words
from store_uptime.service.queue import cron
from store_uptime.service.registry.grants import Role

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent
ASSETS = FOLDER / "assets"
DOCUMENTS = FOLDER  # Links to those in docs/, which a wheel holds as files of the package.
PERIODS_OFFERED = (
    ("", "last hour, day and week"),
    *((name, name.replace("-", " ")) for name in RELATIVE),
    *(("7d", "7 days until now"), ("30d", "30 days until now")),
)
"""The periods of the forms, and their words."""
EPOCH = datetime.fromtimestamp(0, UTC)


def template_engine() -> JinjaTemplateEngine:
    """The templates, with the filters and values that all of them may use."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,  # a name that a view has forgotten fails a test, rather than show nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )
    functions = (
        humanize.format_duration,
        humanize.format_hours,
        humanize.format_down_for,
        freshness.format_last_seen,
        humanize.format_elapsed,
        humanize.format_ago,
        humanize.format_behind,
        humanize.format_data_age,
        humanize.age_class,
        humanize.format_short_time,
        humanize.clock_seconds,
        humanize.format_time,
        humanize.format_percent,
        hours_later,
        table_filters.percent_text,
        freshness.seconds_since,
        freshness.format_near_time,
        freshness.format_near_short_time,
        humanize.format_instant,
        humanize.format_local_time,
        humanize.format_poll_time,
        humanize.format_points,
        humanize.change_class,
        humanize.format_number,
        humanize.format_count,
        period_words.format_period_name,
        with_code,
        humanize.format_value,
        humanize.format_choice,
        humanize.attribute_of,
        humanize.capitalized,
        humanize.isolated,
        humanize.without_controls,
        humanize.visible_name,
        humanize.format_options,
        humanize.format_scope,
        humanize.format_evidence,
        targets.webhook_host,
        targets.target_name,
        epoch_us,
        duration_text,
        cron.in_words,
        has_role,
        may_cancel,
    )
    filters: dict[str, Callable[..., object]] = {function.__name__: function for function in functions}
    values: dict[str, Any] = {
        "assets": assets_path(),
        "outage_starts": period_words.STARTS,
        "outage_ends": period_words.ENDS,
        "duration_pattern": DURATION_PATTERN,
        "periods_offered": PERIODS_OFFERED,
    }
    environment.filters.update(filters)
    environment.globals.update(values)
    return JinjaTemplateEngine.from_environment(environment)


def has_role(request: ApiRequest, role: str) -> bool:
    """Whether the caller has a role: a button stands only where it would work."""
    # A view that nobody had to sign in for, such as that of an error, has no user.
    return "user" in request.scope and request.scope["user"].allows(Role(role))


def may_cancel(request: ApiRequest, requested_by: str | None) -> bool:
    """Whether the caller may cancel a report that somebody requested: admins any, others their own."""
    return has_role(request, "admin") or (has_role(request, "trigger") and requested_by == request.scope["user"].name)


def hours_later(start: str, hours: int) -> datetime:
    """The instant so many hours after another."""
    return humanize.to_datetime(start) + timedelta(hours=hours)


def with_code(text: str) -> Markup:
    """A sentence of which what stands between backticks is an element of code."""
    parts = (
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


def epoch_us(instant: datetime) -> int:
    """Microseconds since 1970, the form of instants in scripts."""
    return (instant - EPOCH) // timedelta(microseconds=1)


@cache
def assets_path() -> str:
    """The address of style and scripts, with a digest of them: browsers may keep what is there for ever."""
    content = b"".join(file.name.encode() + file.read_bytes() for file in sorted(ASSETS.iterdir()))
    return f"/page/{sha256(content).hexdigest()[:12]}"


@cache
def document(name: str) -> str:
    """A file of docs/ as HTML; its headings can be linked to."""
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    # Without HTML, so that a sign such as < in the text cannot become an element.
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

"""What is written of the rule."""

from litestar import get
from litestar.response import Template

from store_uptime.service.page import templates
from store_uptime.service.page.views.rendering import render


@get("/rule")
async def rule_view() -> Template:
    """The whole rule: docs/semantics.md."""
    return render("rule", text=templates.document("semantics.md"))

"""Templates with their values, and what several views show."""

from urllib.parse import urlencode

from litestar.response import Template

from store_uptime.pipeline import Only, Step
from store_uptime.service.backend.backend import Backend
from store_uptime.service.registry.report_lookup import run_progress
from store_uptime.service.registry.reports import ReportRow


class ViewQuery(dict[str, str | list[str]]):
    """What the address of a view chooses, by parameter."""

    def with_value(self, name: str, value: str | list[str]) -> str:
        """The query of the address with another choice; empty ones are left out."""
        return urlencode({key: each for key, each in (self | {name: value}).items() if each}, doseq=True)


def render(name: str, /, **values: object) -> Template:
    """A template of the page with its values."""
    return Template(f"{name}.html", context=values)


async def progress_values(backend: Backend, row: ReportRow) -> dict[str, object]:
    """Of a report on its way: its row, how far it is, and the stages that it goes through."""
    progress = await run_progress(backend.registry, row)
    return {"row": row, "progress": progress, "stages": list(Step)}


def only_texts(only: Only) -> list[str]:
    """city=Berlin, for each value of each attribute that is chosen."""
    return [f"{name}={value}" for name, values in only for value in values]

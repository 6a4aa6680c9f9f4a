"""Templates with their values, and what several views show."""

from dataclasses import dataclass
from urllib.parse import urlencode

from litestar.response import Template

from store_uptime.pipeline import Only, Step, instant_text
from store_uptime.service.backend.backend import Backend
from store_uptime.service.page.freshness import seconds_since
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


@dataclass(frozen=True)
class DataAge:
    """What the bar says of the newest data. now: the end of its windows; age_s: None where that was given."""

    now: str
    age_s: float | None


@dataclass(frozen=True)
class ReportInBar:
    """Which report a view is of. now: None of an old one that has none."""

    id: str
    now: str | None


def bar_values(row: ReportRow, newest: ReportRow | None) -> dict[str, object]:
    """The bar above a view of one report: how old the newest data is, and where the report is another one, which."""
    if newest is None or newest.as_of is None:
        return {}
    is_given = newest.options["now"] is not None
    age = DataAge(str(instant_text(newest.as_of)), None if is_given else seconds_since(newest.as_of))
    if newest.id == row.id:
        return {"data_age": age}
    return {"data_age": age, "of_report": ReportInBar(row.id, instant_text(row.as_of))}


def only_texts(only: Only) -> list[str]:
    """city=Berlin, for each value of each attribute that is chosen."""
    return [f"{name}={value}" for name, values in only for value in values]

"""One store of a stored report, in a worker that keeps the report that it was sent last.

explain_kept   what a function makes of a store of the report that is kept
explain_sent   the same of a report that is sent, and kept from then on

People look at one store of a report after another. A report of 200 000 stores is 10 MB: to read it from the registry
and send it here takes longer than to explain a store.
"""

from collections.abc import Callable
from typing import ClassVar, TypeVar

from store_uptime.pipeline import Limits
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.tasks import SourceConfig

Result = TypeVar("Result")
Explain = Callable[[SourceConfig, str, Limits, StoredExplanation], Result]
"""What explains a store, by its id."""


class _Kept:
    """The report that was sent last."""

    report_id: ClassVar[str] = ""
    stored: ClassVar[StoredExplanation | None] = None


def explain_kept(
    source: SourceConfig, store: str, limits: Limits, explain: Explain[Result], report_id: str
) -> Result | None:
    """A store of the report that is kept, explained; None where that is another one."""
    if _Kept.stored is None or _Kept.report_id != report_id:
        return None
    return explain(source, store, limits, _Kept.stored)


def explain_sent(
    source: SourceConfig,
    store: str,
    limits: Limits,
    explain: Explain[Result],
    report_id: str,
    stored: StoredExplanation,
) -> Result:
    """A store of a report, explained; the report is kept instead of the one before."""
    _Kept.report_id, _Kept.stored = report_id, stored
    return explain(source, store, limits, stored)

"""What a worker keeps of the reports that it is asked to explain."""

from store_uptime.pipeline import Limits
from store_uptime.service.registry.reports import StoredExplanation
from store_uptime.service.workers.explained import explain_kept, explain_sent
from store_uptime.service.workers.tasks import SourceConfig

SOURCE = SourceConfig("postgresql://localhost/none", None)
ONE, OTHER = (StoredExplanation(figures, b"plan", b"rejects", None, None) for figures in (b"one", b"other"))


def figures_of(_: SourceConfig, store: str, __: Limits, stored: StoredExplanation) -> tuple[str, bytes]:
    return store, stored.figures


def kept(store: str, report_id: str) -> tuple[str, bytes] | None:
    return explain_kept(SOURCE, store, Limits(), figures_of, report_id)


def sent(store: str, report_id: str, stored: StoredExplanation) -> tuple[str, bytes]:
    return explain_sent(SOURCE, store, Limits(), figures_of, report_id, stored)


def test_a_report_is_sent_once_for_all_of_its_stores() -> None:
    assert kept("a", "1") is None
    assert sent("a", "1", ONE) == ("a", b"one")
    assert [kept(store, "1") for store in "ab"] == [("a", b"one"), ("b", b"one")]


def test_the_report_that_was_sent_last_takes_the_place_of_the_one_before() -> None:
    sent("a", "1", ONE)
    sent("a", "2", OTHER)
    assert (kept("a", "1"), kept("a", "2")) == (None, ("a", b"other"))

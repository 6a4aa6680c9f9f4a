"""Reports on a cluster that something happens to, and what they have left in their exchange until then."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from store_uptime.pipeline import Cluster, Options, Report, build_report
from store_uptime.pipeline.steps import Step, StepText, step_of
from tests.pipeline.parts.test_two_passes import tables_of, written
from tests.support.worlds import EVERY_TEXT_AT, every_text

PART_POLLS = 25
OPTIONS = Options(now=EVERY_TEXT_AT)
FILES = {"polls": 8, "hours": 2, "zones": 2}
KINDS = ("csv", "text", "typed")
HALFWAY = 50
FOLDERS = {Step.READING: "spread", Step.COMPUTING: "parts"}
"""Where what the tasks of a step leave lies."""

Events = Mapping[tuple[Step, int], Callable[[], object]]


def written_feed(folder: Path) -> Path:
    """A feed with every text that is rejected, and every other one: CSV, Parquet of text, Parquet with times."""
    folder.mkdir(parents=True)
    for table, rows in tables_of(every_text(EVERY_TEXT_AT)).items():
        for number in range(FILES[table]):
            own = rows[number :: FILES[table]]
            written(own, table, folder / f"{table}-{number}", KINDS[number % len(KINDS)])
    return folder


@dataclass
class Run:
    """A report that is made on a cluster, and what becomes of it.

    events: what happens once so many percent of a step are done, in the driver, which waits for it. attempts: of each
    step, once all of it was done, how often each task has left something. tasks: how many it has.
    """

    cluster: Cluster
    events: Events = field(default_factory=dict)
    attempts: dict[Step, Counter[int]] = field(default_factory=dict)

    def report(self, feed: Path | str) -> Report:
        """The report of a feed."""
        left = dict(self.events)

        def progress(words: str) -> None:
            step, percent = step_of(words), words.percent if isinstance(words, StepText) else None
            if percent is None:
                return
            for due in [due for due in left if due[0] == step and due[1] <= percent]:
                left.pop(due)()
            if percent == 100:
                self.attempts[step] = attempts(self.cluster.exchange, step)

        found = build_report(feed, OPTIONS, progress=progress, cluster=self.cluster)
        assert not left
        return found

    def redone(self, step: Step) -> int:
        """How many tasks of a step were done once more than needed."""
        return self.attempts[step].total() - len(self.attempts[step])


def attempts(exchange: Path | str | None, step: Step) -> Counter[int]:
    """How often each task of a step has left something in a folder."""
    found = Path(str(exchange)).glob(f"run-*/{FOLDERS[step]}/[!.]*")
    return Counter(int(path.name.partition("-")[0]) for path in found)


def kept(exchange: Path, step: Step) -> int:
    """How many tasks of a step a driver has had a result of."""
    return len(list(exchange.glob(f"run-*/{step}/[!.]*")))


def files_in(exchange: Path) -> list[Path]:
    """All files that there are."""
    return [path for path in exchange.rglob("*") if path.is_file()]


def assert_same(found: Report, expected: Report) -> None:
    """Figures, quality and rejected rows are the same, byte for byte."""
    assert found.csv("extended") == expected.csv("extended")
    assert found.json("extended") == expected.json("extended")
    assert found.quality == expected.quality
    assert {name: rows.to_dicts() for name, rows in found.rejects.items()} == {
        name: rows.to_dicts() for name, rows in expected.rejects.items()
    }

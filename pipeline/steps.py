"""The steps of a run, as codes for programs and as words for people."""

from collections.abc import Mapping
from enum import StrEnum

DASHBOARD = "dashboard"
"""The count that is none: the address of a page about the step, which is for whoever runs it alone."""


class StepText(str):
    """A step for people. percent: how much of it is done; None: that is not known. for_callers: the same without an
    address."""

    __slots__ = ("for_callers", "percent")
    percent: int | None
    for_callers: str


class Step(StrEnum):
    """The steps of a report, in order."""

    WAITING = "waiting"
    READING = "reading"
    COMPUTING = "computing"
    WRITING = "writing"

    @property
    def words(self) -> str:
        """The step for people."""
        return WORDS[self]

    def with_counts(self, **counts: int | str) -> StepText:
        """The step for people, with counts: `writing (rows: 1,200)`. One of them may be how many percent are done."""
        text = StepText(with_counts(self.words, counts))
        text.for_callers = with_counts(self.words, {name: counts[name] for name in counts if name != DASHBOARD})
        percent = counts.get("percent")
        text.percent = percent if isinstance(percent, int) else None
        return text


def with_counts(words: str, counts: Mapping[str, int | str]) -> str:
    written = (f"{name}: {count:,}" if isinstance(count, int) else f"{name}: {count}" for name, count in counts.items())
    return f"{words} ({', '.join(written)})"


WORDS = {
    Step.WAITING: "waiting",
    Step.READING: "reading polls, hours and zones",
    Step.COMPUTING: "computing uptime and downtime",
    Step.WRITING: "writing",
}


def step_of(words: str) -> Step:
    """The step of some words, with counts or without; READING for a run that has not reported a step yet."""
    # The registry keeps the words alone. They are looked up in the table that they were made from, so a better word
    # changes both sides at once.
    return next((step for step in Step if words.partition(" (")[0] == step.words), Step.READING)

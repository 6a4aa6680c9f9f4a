"""Tasks, and what a pass needs of whatever runs them."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Task:
    """A call of the function of a pass.

    number: its own within the pass; arguments: small values that can be pickled; subject: what it is about, for people,
    such as `part 17 (3.1 M polls)`.
    """

    number: int
    arguments: tuple[object, ...]
    subject: str


class Executor(Protocol):
    """Runs tasks. dashboard: the address of a page about them, if there is one."""

    dashboard: str | None

    @property
    def slots(self) -> int:
        """How many tasks can run beside each other just now: of a cluster the threads of all workers, perhaps none."""
        ...

    def results(self, function: Callable[..., bytes], tasks: Sequence[Task]) -> Generator[tuple[int, bytes]]:
        """The number and the result of each task, as soon as it is there, in no order.

        Raises what a task raises, as itself. Closing the generator cancels what has not begun.
        """
        ...

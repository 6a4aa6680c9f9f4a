"""What runs the tasks of a pass: this process, one after the other, or a Dask cluster.

with opened_executor("tcp://scheduler:8786") as executor:
    for number, result in executor.results(function, tasks):
        ...

A function of a pass is importable on the workers, depends on its arguments alone and gives bytes. It may run more than
once, since a worker can die or be cut off; of each task exactly one result arrives.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LOCAL = "local"
WORKERS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Task:
    """A call of the function of a pass.

    number: its own within the pass; arguments: small values that can be pickled; subject: what it is about, for people,
    such as `part 17 (3.1 M polls)`.
    """

    number: int
    arguments: tuple[object, ...]
    subject: str


@dataclass(frozen=True)
class Tls:
    """The files, all PEM, with which a cluster is talked to: its authority, and a certificate of that with its key."""

    ca: Path
    certificate: Path
    key: Path


class Executor(Protocol):
    """Runs tasks. dashboard: the address of a page about them, if there is one."""

    dashboard: str | None

    @property
    def slots(self) -> int:
        """How many tasks can run beside each other just now: of a cluster the threads of all workers, perhaps none."""
        ...

    def results(self, function: Callable[..., bytes], tasks: Sequence[Task]) -> Iterator[tuple[int, bytes]]:
        """The number and the result of each task, as soon as it is there, in no order.

        Raises what a task raises, as itself. Closing the iterator cancels what has not begun.
        """
        ...


class Inline:
    """Runs tasks in this process, one after the other."""

    dashboard: str | None = None
    slots = 1

    def results(self, function: Callable[..., bytes], tasks: Sequence[Task]) -> Iterator[tuple[int, bytes]]:
        """The number and the result of each task, in order."""
        for task in tasks:
            yield task.number, function(*task.arguments)


@contextmanager
def opened_executor(
    address: str = LOCAL, tls: Tls | None = None, workers_within_s: float = WORKERS_WITHIN_S
) -> Iterator[Executor]:
    """What runs tasks at an address: `local`, tcp://HOST:PORT or tls://HOST:PORT.

    workers_within_s: for how long a cluster may be without a worker. Raises AddressNotUnderstood, CertificatesUnusable,
    ClusterUnreachable, WorkerMismatch, ExtraMissing; `results` of a cluster raises NoWorkers, ClusterLost, WorkersLost,
    WorkerMismatch.
    """
    if address == LOCAL:
        yield Inline()
        return
    from store_uptime.pipeline.parts.dask_cluster import opened_cluster  # imports distributed, which takes 0.4 s

    with opened_cluster(address, tls, workers_within_s) as cluster:
        yield cluster

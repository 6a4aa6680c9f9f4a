"""What runs the tasks of a pass: this process, one after the other, or a Dask cluster.

with opened_executor("tcp://scheduler:8786") as executor:
    for number, result in executor.results(function, tasks):
        ...

A function of a pass is importable on the workers, depends on its arguments alone and gives bytes. It may run more than
once, since a worker can die or be cut off; of each task exactly one result arrives.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from store_uptime.pipeline.parts.cluster_tls import Tls
from store_uptime.pipeline.parts.tasks import Executor, Task

LOCAL = "local"
WORKERS_WITHIN_S = 60.0


class Inline:
    """Runs tasks in this process, one after the other."""

    dashboard: str | None = None
    slots = 1

    def results(self, function: Callable[..., bytes], tasks: Sequence[Task]) -> Generator[tuple[int, bytes]]:
        """The number and the result of each task, in order."""
        for task in tasks:
            yield task.number, function(*task.arguments)


@contextmanager
def opened_executor(
    address: str = LOCAL, tls: Tls | None = None, workers_within_s: float = WORKERS_WITHIN_S
) -> Generator[Executor]:
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

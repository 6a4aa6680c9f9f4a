"""Where a report in parts is made, and how large its parts are."""

from dataclasses import dataclass

from store_uptime.pipeline.parts.cluster_tls import Tls
from store_uptime.pipeline.parts.executors import LOCAL
from store_uptime.pipeline.parts.tasks import Executor

PART_POLLS = 4_000_000


@dataclass(frozen=True)
class Cluster:
    """Where the tasks of a report run.

    address: `local`, in this process, or that of a scheduler of Dask: `tcp://HOST:PORT`, `tls://HOST:PORT`. exchange: a
    folder or bucket that all workers reach, in which segments lie between the passes; None: a temporary folder, of this
    machine alone. part_polls: about how many polls a task of the second pass computes, which takes some 250 bytes each.
    executor: runs the tasks in place of what is at the address, for an engine of one's own: docs/cluster.md.
    """

    address: str = LOCAL
    tls: Tls | None = None
    exchange: str | None = None
    part_polls: int = PART_POLLS
    executor: Executor | None = None

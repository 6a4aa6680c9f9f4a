"""Where a report in parts is made, and how large its parts are.

Cluster         says both
check_cluster   whether it can be one, before it is asked
"""

from dataclasses import dataclass
from importlib.util import find_spec

from store_uptime.pipeline.errors import ExchangeMissing, ExtraMissing
from store_uptime.pipeline.extras import CLUSTER
from store_uptime.pipeline.parts.cluster_address import parse_address
from store_uptime.pipeline.parts.cluster_tls import Tls, check_files
from store_uptime.pipeline.parts.executors import LOCAL
from store_uptime.pipeline.parts.tasks import Executor

PART_POLLS = 4_000_000


@dataclass(frozen=True)
class Cluster:
    """Where the tasks of a report run.

    address: `local`, in this process, or that of a scheduler of Dask: `tcp://HOST:PORT`, `tls://HOST:PORT`. exchange: a
    folder or bucket that all workers reach, in which segments lie between the passes; None: a temporary folder, of this
    machine alone. part_polls: about how many polls a task of the second pass computes, which takes some 250 bytes each.
    only_large: whether other reports than large ones are made in this process, in one pass. large_polls: more polls
    than these are large; None: more than memory would like.
    executor: runs the tasks in place of what is at the address, for an engine of one's own: docs/cluster.md.
    """

    address: str = LOCAL
    tls: Tls | None = None
    exchange: str | None = None
    part_polls: int = PART_POLLS
    only_large: bool = False
    large_polls: int | None = None
    executor: Executor | None = None


def check_cluster(cluster: Cluster) -> None:
    """Find what is wrong with a cluster without asking it.

    Raises AddressNotUnderstood, CertificatesUnusable, ExchangeMissing, ExtraMissing.
    """
    is_elsewhere = cluster.address != LOCAL
    if cluster.exchange is None and cluster.executor is not None:
        raise ExchangeMissing(cluster.address if is_elsewhere else "a cluster")
    if cluster.executor is not None or not is_elsewhere:
        return
    parse_address(cluster.address)
    if cluster.tls is not None:
        check_files(cluster.tls)
    if cluster.exchange is None:
        raise ExchangeMissing(cluster.address)
    if find_spec("distributed") is None:  # to import it takes 0.4 s
        raise ExtraMissing(CLUSTER.name, CLUSTER.purpose)

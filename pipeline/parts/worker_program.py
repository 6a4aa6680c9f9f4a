"""The program of a worker, with what it has to be told: Dask's own settings fit other work.

one thread        a task takes several cores by itself, in Polars and DuckDB
memory            no results lie on a worker, so there is nothing to spill, and a worker that pauses does not go on;
                  one that needs too much ends, which is told as WorkersLost
interface         the one that leads to the scheduler: whoever reaches a worker can run code on it
"""

import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from store_uptime.pipeline.errors import ClusterUnreachable
from store_uptime.pipeline.extras import provided_by
from store_uptime.pipeline.parts.cluster_address import CHECK_HOST, parse_address
from store_uptime.pipeline.parts.cluster_tls import Tls
from store_uptime.pipeline.parts.dask_cluster import CLUSTER

MEMORY_SHARE = 0.9  # of the machine's, or the container's: the others need some, too
MEMORY_SETTINGS = {f"DASK_DISTRIBUTED__WORKER__MEMORY__{name}": "False" for name in ("TARGET", "SPILL", "PAUSE")}
POLARS_THREADS = "POLARS_MAX_THREADS"


@dataclass(frozen=True)
class WorkerShare:
    """What the workers of a machine may use. threads, memory: of each process; None: its share of the machine's."""

    processes: int = 1
    threads: int | None = None
    memory: str | None = None


def worker_program(
    scheduler: str, share: WorkerShare, name: str | None = None, tls: Tls | None = None
) -> tuple[list[str], Mapping[str, str]]:
    """The words of the program, and what to add to its environment. name: what the scheduler calls it.

    Raises AddressNotUnderstood, CertificatesUnusable, ClusterUnreachable, ExtraMissing.
    """
    with provided_by(CLUSTER):
        from store_uptime.pipeline.parts.cluster_connection import security_of
    host, port = parse_address(scheduler)
    security_of(scheduler, tls)  # what Dask would say of certificates is a trace
    options = {
        "--host": own_address(scheduler, host, port),
        "--nworkers": str(share.processes),
        "--nthreads": "1",
        "--memory-limit": share.memory or f"{MEMORY_SHARE / share.processes:.3f}",
    }
    if name:
        options["--name"] = name
    # -P: what lies in the current folder is not to be imported in the place of something else.
    program = [sys.executable, "-P", "-m", "distributed.cli.dask_worker", scheduler, "--no-dashboard"]
    words = [*program, *(word for option in (options | tls_options(tls)).items() for word in option)]
    # Polars counts its threads when it is imported, so this cannot wait for a task.
    return words, MEMORY_SETTINGS | {POLARS_THREADS: str(share.threads or max(1, cores() // share.processes))}


def tls_options(tls: Tls | None) -> dict[str, str]:
    if tls is None:
        return {}
    return {"--tls-ca-file": str(tls.ca), "--tls-cert": str(tls.cert), "--tls-key": str(tls.key)}


def own_address(scheduler: str, host: str, port: int) -> str:
    """The address of this machine on the way to a scheduler. Raises ClusterUnreachable."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as way:  # of UDP: nothing is sent
            way.connect(address)
            return str(way.getsockname()[0])
    except OSError as error:
        raise ClusterUnreachable(scheduler, error.strerror or str(error), CHECK_HOST) from error


def cores() -> int:
    """The cores that this process may use, those of a container included."""
    from dask.system import CPU_COUNT

    return CPU_COUNT

"""`store-uptime worker`."""

import os
from typing import Annotated, NoReturn

from cyclopts import Parameter
from cyclopts.validators import Number

from store_uptime import pipeline
from store_uptime.service import parameters
from store_uptime.service.parameters import INPUT, LIMITS


def worker(
    scheduler: Annotated[
        str, Parameter(group=INPUT, help="The scheduler of the cluster: tcp://HOST:PORT or tls://HOST:PORT.")
    ],
    *,
    processes: Annotated[
        int,
        Parameter(group=LIMITS, validator=Number(gte=1), help="How many workers, each of which has a task at a time."),
    ] = 1,
    threads: Annotated[
        int | None,
        Parameter(group=LIMITS, validator=Number(gte=1), help="Of each for its task. Default: its share of the cores."),
    ] = None,
    memory: Annotated[
        str | None,
        Parameter(
            group=LIMITS,
            validator=parameters.is_memory_size,
            metavar="SIZE",
            help="Of each, such as 4GiB; one that needs more is started anew. Default: its share of 90 %.",
        ),
    ] = None,
    name: Annotated[
        str | None, Parameter(group=INPUT, metavar="NAME", help="What the scheduler calls it. Default: its address.")
    ] = None,
    cluster_ca: parameters.ClusterCa = None,
    cluster_cert: parameters.ClusterCert = None,
    cluster_key: parameters.ClusterKey = None,
) -> NoReturn:
    """Work for a Dask cluster: docs/cluster.md.

    It serves until Ctrl-C, or until the scheduler has gone. Whoever reaches
    scheduler or worker can run code there: keep both in a network of your
    own, or use TLS.

        store-uptime worker tcp://127.0.0.1:8786
        store-uptime worker tcp://10.0.0.5:8786 --processes 4 --memory 4GiB
    """
    tls = parameters.cluster_tls(cluster_ca, cluster_cert, cluster_key)
    share = pipeline.WorkerShare(processes, threads, memory)
    words, environment = pipeline.worker_program(scheduler, share, name, tls)
    os.execve(words[0], words, os.environ | dict(environment))  # noqa: S606

"""Errors of a cluster: it cannot be reached, is lost during a run, or its workers cannot do the work."""

from store_uptime.pipeline.errors.base import Clause, StoreUptimeError

TIMES = {1: "once", 2: "twice"}


class ClusterUnreachable(StoreUptimeError):
    """No cluster answers at the address, or not to us: nobody listens, TLS, or it is no scheduler."""

    cluster: str
    reason: Clause
    remedy: str
    message = "cannot reach the cluster at {cluster}: {reason}. {remedy}"


class NoWorkers(ClusterUnreachable):
    """A scheduler answers, and no worker has joined it in time, or all have left it."""

    message = "the cluster at {cluster} has no workers: {reason}. {remedy}"


class CertificatesUnusable(StoreUptimeError):
    """The certificates for a cluster are missing, cannot be read, or are not what they should be."""

    file: str
    reason: Clause
    message = (
        "cannot use {file} for a cluster: {reason}. "
        "All three must be PEM, and the key must be that of the certificate, without a password."
    )


class ClusterLost(StoreUptimeError):
    """The scheduler of a cluster was lost during a run, or the way to it."""

    cluster: str
    reason: Clause
    message = "lost the cluster at {cluster}: {reason}. Run the same again once it is back."


class WorkersLost(StoreUptimeError):
    """Workers of a cluster died again and again over one task. times: how many; subject: of the task."""

    subject: str
    times: int
    message = (
        "workers died {often} over {subject}, probably out of memory: give them more, or lower --part-polls. "
        "Their logs may say more."
    )

    @property
    def words(self) -> dict[str, object]:
        return super().words | {"often": TIMES.get(self.times, f"{self.times} times")}


class WorkerMismatch(StoreUptimeError):
    """A worker of a cluster, or its scheduler, has other versions than this process.

    here, there: what differs, as `polars 2.1.0` and `2.0.3`; worker: its address.
    """

    here: str
    there: str
    worker: str
    message = "{here} here, {there} on {worker}. Start all of them from one image, or install the same versions."


class ClusterNeedsFiles(StoreUptimeError):
    """A report on a cluster was asked of tables that are no files."""

    source: str
    message = (
        "a cluster reads files, and {source} is none: name a folder that all workers reach, or a bucket. "
        "Tables in a database are read by one process."
    )


class ExchangeMissing(StoreUptimeError):
    """A cluster has no place where what lies between the two passes can be kept."""

    cluster: str
    message = (
        "{cluster} needs a place for what lies between the two passes: --exchange with a folder that all workers "
        "reach, or s3://BUCKET/PREFIX."
    )


class ExchangeNotShared(StoreUptimeError):
    """A worker does not find what its run has put into the exchange. worker: the name of its machine."""

    exchange: str
    worker: str
    message = (
        "{worker} does not find in {exchange} what this run has put there: name a folder that all workers reach under "
        "the same path with --exchange, or s3://BUCKET/PREFIX."
    )

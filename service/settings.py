"""The settings of `serve`, by options and by environment; docs/options.md lists them."""

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from store_uptime.pipeline import Cluster, Limits, duration_text, memory
from store_uptime.service.observability.memory import MEBIBYTE, Shares, process_memory
from store_uptime.service.parameters import (
    ADDRESS,
    CLUSTER,
    DELIVERY,
    DURATION,
    INPUT,
    KEEPING,
    LIMITS,
    LISTENING,
    LOG,
    NO_CLUSTER,
    POSITIVE_DURATION,
    REPEATED,
    RUNS,
    TLS,
    ClusterOptions,
    Identities,
    MappingFile,
    Recipients,
    Schema,
    mapping,
)
from store_uptime.service.timing import DEFAULT_TIMING, Timing

if TYPE_CHECKING:
    from store_uptime.pipeline import SourceMapping
    from store_uptime.service.encryption import Encryption
    from store_uptime.service.networks import Network
    from store_uptime.service.outgoing.destinations import Destination

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DUCKDB_SHARE = 0.4  # of a worker's memory: frames need the other part
DUCKDB_MOST = 1024 * MEBIBYTE  # more makes no report faster: docs/benchmarks.md

AT_LEAST_ONE, NONE_OR_MORE, A_PORT = Number(gte=1), Number(gte=0), Number(gte=0, lte=65_535)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a server."""

    database: Annotated[
        str | None,
        ADDRESS,
        Parameter(
            group=INPUT,
            metavar="ADDRESS",
            help="Where the three tables are, a database, a folder or s3://…; only read. Default: as for report.",
        ),
    ] = None
    registry: Annotated[
        str | None,
        ADDRESS,
        Parameter(
            group=KEEPING,
            metavar="ADDRESS",
            help="Where reports are kept. Default: the same database if that may be, else the built-in server.",
        ),
    ] = None
    schema: Schema = None
    map: MappingFile = None
    host: Annotated[
        str,
        Parameter(
            group=LISTENING,
            metavar="ADDRESS",
            help="The address to listen on; any but this machine's own asks for API keys.",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Parameter(group=LISTENING, validator=A_PORT, help="The port to listen on.")] = 8000
    allowed_hosts: Annotated[
        tuple[str, ...],
        REPEATED,
        Parameter(
            group=LISTENING,
            metavar="NAME",
            name="--allowed-host",
            help="A name under which the service is called, behind a proxy for example; may be repeated.",
        ),
    ] = ()
    proxies: Annotated[
        str,
        Parameter(
            group=LISTENING,
            metavar="ADDRESSES",
            show_default=False,
            help="Addresses or networks of reverse proxies whose X-Forwarded headers are believed. Default: none.",
        ),
    ] = ""
    tls_certificate: Annotated[Path | None, Parameter(group=TLS, help="A certificate (PEM), to serve HTTPS.")] = None
    tls_key: Annotated[Path | None, Parameter(group=TLS, help="The key of the certificate.")] = None
    workers: Annotated[
        int,
        Parameter(
            group=RUNS, validator=AT_LEAST_ONE, help="How many reports run at once, each in a process of its own."
        ),
    ] = 2
    queue: Annotated[int, Parameter(group=RUNS, validator=AT_LEAST_ONE, help="How many reports may wait.")] = 100
    time_limit: Annotated[
        timedelta,
        POSITIVE_DURATION,
        Parameter(
            group=RUNS,
            metavar="DURATION",
            show_default=duration_text,
            help="How long a report may run.",
        ),
    ] = timedelta(minutes=30)
    grace: Annotated[
        timedelta,
        DURATION,
        Parameter(
            group=RUNS,
            metavar="DURATION",
            show_default=duration_text,
            help="How long running reports may go on when the server is stopped.",
        ),
    ] = timedelta(seconds=30)
    keep_for: Annotated[
        timedelta,
        DURATION,
        Parameter(
            group=KEEPING,
            metavar="DURATION",
            show_default=duration_text,
            help="How long finished reports are kept.",
        ),
    ] = timedelta(days=30)
    keep_reports: Annotated[
        int, Parameter(group=KEEPING, validator=NONE_OR_MORE, help="How many finished reports are kept.")
    ] = 1000
    rate_limit: Annotated[
        int, Parameter(group=LIMITS, validator=AT_LEAST_ONE, help="Requests a minute from one address.")
    ] = 30_000
    body_limit: Annotated[
        int, Parameter(group=LIMITS, validator=AT_LEAST_ONE, help="The largest body of a request, in bytes.")
    ] = 65_536
    body_seconds: Annotated[
        int, Parameter(group=LIMITS, validator=AT_LEAST_ONE, help="How long a client may take to send one.")
    ] = 10
    keep_audit: Annotated[
        timedelta,
        DURATION,
        Parameter(
            group=KEEPING,
            metavar="DURATION",
            show_default=duration_text,
            help="How long it is kept who asked for what.",
        ),
    ] = timedelta(days=365)
    destination: Annotated[
        tuple[str, ...],
        REPEATED,
        Parameter(
            group=DELIVERY,
            metavar="NAME=PLACE",
            help="Where files can be delivered, NAME=FOLDER or NAME=s3://BUCKET/PREFIX; may be repeated.",
        ),
    ] = ()
    webhook_network: Annotated[
        tuple[str, ...],
        REPEATED,
        Parameter(
            group=DELIVERY,
            metavar="NETWORK",
            help="A private network that webhooks may be in, such as 10.0.0.0/8; may be repeated.",
        ),
    ] = ()
    encrypt_to: Recipients = ()
    identity: Identities = ()
    log_format: Annotated[
        Literal["json", "text"] | None,
        Parameter(group=LOG, help="json or text. Default: text on a terminal, else json."),
    ] = None
    on: ClusterOptions = NO_CLUSTER
    large_polls: Annotated[
        int | None,
        Parameter(
            group=CLUSTER,
            validator=NONE_OR_MORE,
            metavar="NUMBER",
            help="A report of more polls is made there, or in two passes. Default: of more than a worker's memory "
            "allows at once.",
        ),
    ] = None
    timing: Annotated[Timing, Parameter(show=False)] = DEFAULT_TIMING

    @property
    def is_local(self) -> bool:
        """Whether only this machine can call."""
        return self.host in LOOPBACK

    # Imported within: each reads files or libraries that `serve --help` need not wait for.

    @cached_property
    def mapping(self) -> "SourceMapping":
        """The mapping of the source. Raises BadMapping."""
        return mapping(self.map)

    @cached_property
    def cluster(self) -> "Cluster | None":
        """Where large reports are made; None: in the workers, as all others."""
        if self.on.chosen is None and self.large_polls is None:
            return None
        return replace(self.on.chosen or Cluster(), only_large=True, large_polls=self.large_polls)

    @cached_property
    def encryption(self) -> "Encryption":
        """The keys that it encrypts and decrypts with. Raises NoKey."""
        from store_uptime.service.encryption import load_encryption

        return load_encryption(self.encrypt_to, self.identity)

    @cached_property
    def destinations(self) -> "dict[str, Destination]":
        """Where it delivers to, by name. Raises NoDestination."""
        from store_uptime.service.outgoing.destinations import destinations

        return destinations(self.destination)

    @cached_property
    def webhook_networks(self) -> "tuple[Network, ...]":
        """The private networks that webhooks may be in. Raises NoNetwork."""
        from store_uptime.service.networks import webhook_networks

        return webhook_networks(self.webhook_network)

    @cached_property
    def named_proxies(self) -> "tuple[Network, ...]":
        """The proxies that are believed. Raises NoProxy."""
        from store_uptime.service.networks import proxy_networks

        return proxy_networks(self.proxies)

    @property
    def shares(self) -> Shares:
        """Who may use how much memory."""
        return Shares(self.workers, memory(), process_memory())

    @property
    def worker_memory(self) -> int:
        """The bytes that one worker may use: its share of the machine's memory, or of the container's."""
        return self.shares.worker

    @property
    def duckdb_memory(self) -> str:
        """The memory of the DuckDB stage of one worker, as DuckDB writes it."""
        # Not left to DuckDB, which takes 80 % of the machine's memory, in each worker.
        return f"{min(DUCKDB_MOST, int(self.worker_memory * DUCKDB_SHARE)) // MEBIBYTE}MiB"

    @property
    def worker_limits(self) -> Limits:
        """What a run in one worker may use, but for where it spills."""
        return Limits(self.duckdb_memory, self.worker_threads, process=self.worker_memory // 2)

    @property
    def worker_threads(self) -> int:
        """The threads of one worker: its share of the processors, at least one."""
        # Not os.cpu_count alone: by taskset, or in a container, the process may have only some of the processors.
        return max(
            1,
            (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) // self.workers,
        )

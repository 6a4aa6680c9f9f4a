"""`store-uptime serve`."""

import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from store_uptime import pipeline
from store_uptime.pipeline import EMBEDDED, AddressNotUnderstood, ClusterNeedsFiles
from store_uptime.service import parameters
from store_uptime.service.errors import CannotEncrypt, CannotListen, CannotServe
from store_uptime.service.front.connections import CONNECTIONS, Connections
from store_uptime.service.settings import Settings

if TYPE_CHECKING:
    import uvicorn

KEEP_ALIVE_S = 75  # longer than the 60 s of nginx and others, which else use a connection that was just closed
GRACE_S = 5  # that answers on their way have when the server is stopped


def serve(settings: Settings = Settings()) -> int:  # noqa: B008 - frozen
    """Run the service: the API, the page, and the workers that make reports.

    It stops with Ctrl-C or SIGTERM: running reports may finish first, and
    those that do not are taken up again.

        store-uptime serve --database postgresql://reader@db/shop
    """
    settings = replace(settings, database=whole_address(parameters.address(settings.database)))
    check_addresses(settings)
    check_cluster(settings)
    _ = (
        settings.mapping,
        settings.encryption,
        settings.destinations,
        settings.webhook_networks,
        settings.named_proxies,
    )  # each reads its files when it is first used: a mistake in one is found here, before the server listens
    settings.shares.check()
    run_server(listen(settings.host, settings.port), settings)
    return 0


def whole_address(address: str) -> str:
    """An address that means the same in every process."""
    files = pipeline.files_at(address) if pipeline.reads_files(address) else None
    return str(files.absolute()) if isinstance(files, Path) else address


def check_addresses(settings: Settings) -> None:
    """Raises AddressNotUnderstood for an address that is none: a server waits for a database that is away, and would
    for a mistyped one."""
    if settings.registry and pipeline.reads_files(settings.registry):
        remedy = "Name a database of PostgreSQL with --registry, or leave it out for the built-in server."
        raise AddressNotUnderstood(settings.registry, "reports cannot be kept in files", remedy)
    for address in (settings.database, settings.registry):
        if address and address != EMBEDDED and not pipeline.reads_files(address):
            pipeline.parse_conninfo(address)


def check_cluster(settings: Settings) -> None:
    """Raises ClusterNeedsFiles where the tables are no files, and what `pipeline.check_cluster` raises."""
    if settings.cluster is None:
        return
    if not pipeline.reads_files(settings.database or EMBEDDED):
        raise ClusterNeedsFiles("--database")
    pipeline.check_cluster(settings.cluster)


def raise_open_files_limit(number: int) -> int:
    """Let this process open so many files, as far as the hard limit allows; gives how many it may open then."""
    # Each connection is a file, and the soft limit of a shell is often 1024.
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises CannotListen."""
    try:
        family, kind, protocol, _, endpoint = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sets TCP_NODELAY only where the socket says that its protocol is TCP; small answers are late without.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(endpoint)
        listening.listen(CONNECTIONS)
        return listening
    except OSError as error:
        raise CannotListen(host, port, error.strerror or str(error)) from None


def run_server(listening: socket.socket, settings: Settings) -> None:
    """Serve until told to stop. Raises CannotEncrypt, CannotServe."""
    # Polars reads it once, when it is imported; workers inherit it.
    os.environ.setdefault("POLARS_MAX_THREADS", str(settings.worker_threads))
    import uvicorn

    from store_uptime.service.app import create_app
    from store_uptime.service.backend.background import ServerProcess
    from store_uptime.service.front.proxies import is_proxy
    from store_uptime.service.front.slow_clients import HeaderTimeoutProtocol
    from store_uptime.service.observability import logs

    logs.configure(settings.log_format or ("text" if sys.stderr.isatty() else "json"))
    named = settings.named_proxies
    HeaderTimeoutProtocol.head_s = settings.timing.head_s
    open_files = raise_open_files_limit(2 * CONNECTIONS)
    HeaderTimeoutProtocol.known_connections = Connections(open_files, lambda peer: is_proxy(peer, named))
    sentences: list[str] = []

    def end(sentence: str) -> None:
        sentences.append(sentence)
        server.should_exit = True

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    config = uvicorn.Config(
        create_app(settings, ServerProcess(end, lambda: server.should_exit)),
        http=HeaderTimeoutProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        proxy_headers=False,  # front/proxies.py reads them: Uvicorn takes any text for an address
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    load_certificate(config, settings)
    server = uvicorn.Server(config)
    for number in (signal.SIGINT, signal.SIGTERM):
        # For the time before Uvicorn installs its own handlers, and for the end: Uvicorn raises a signal that it has
        # caught once more when it is done, and Python's own handler would make that an error.
        signal.signal(number, stop)
    logs.log_listening(page_url(listening, settings))
    server.run([listening])
    if sentences:
        raise CannotServe(sentences[0])
    if not server.started:
        raise CannotServe("The server could not start; its log says why.")


def load_certificate(config: "uvicorn.Config", settings: Settings) -> None:
    """Load what Uvicorn needs before it serves. Raises CannotEncrypt."""
    try:
        config.load()
    except OSError as error:
        raise CannotEncrypt(settings.tls_certificate, settings.tls_key, error.strerror or str(error)) from None


def page_url(listening: socket.socket, settings: Settings) -> str:
    host, port = listening.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls_certificate else 'http'}://{name}:{port}"

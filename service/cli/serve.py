"""`store-uptime serve`."""

import os
import signal
import socket
import sys
from dataclasses import replace
from types import FrameType

from store_uptime import pipeline
from store_uptime.pipeline import EMBEDDED
from store_uptime.service import parameters
from store_uptime.service.errors import CannotEncrypt, CannotListen, CannotServe
from store_uptime.service.front.connections import CONNECTIONS, Connections
from store_uptime.service.settings import Settings

KEEP_ALIVE_S = 75  # longer than reverse proxies keep a connection, so that they never use one that was just closed
ANSWERS_S = 5  # how long answers on their way may take when the server is stopped


def serve(settings: Settings = Settings()) -> int:  # noqa: B008 - frozen
    """Run the service: the API, the page, and the workers that make reports.

    It stops with Ctrl-C or SIGTERM: running reports may finish first, and
    those that do not are taken up again.

        store-uptime serve --database postgresql://reader@db/shop
    """
    settings = replace(settings, database=parameters.address(settings.database))
    for address in (settings.database, settings.registry):
        if address and address != EMBEDDED:
            pipeline.parse_conninfo(address)  # what is no address would be waited for in vain
    _ = (
        settings.mapping,
        settings.encryption,
        settings.destinations,
        settings.webhook_networks,
        settings.named_proxies,
    )  # what is wrong with them is told before anything begins
    settings.shares.check()
    serve_on(listen(settings.host, settings.port), settings)
    return 0


def allow_files(number: int) -> int:
    """Let this process open so many files, as far as it may: each connection is one, and shells often allow 1024.

    How many it may open then.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises CannotListen."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)  # told that it is TCP, asyncio does without Nagle's delays
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(CONNECTIONS)
        return listening
    except OSError as error:
        raise CannotListen(host, port, error.strerror or str(error)) from None


def serve_on(listening: socket.socket, settings: Settings) -> None:
    """Serve until told to stop. Raises CannotEncrypt, CannotServe."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(settings.worker_threads))  # before a worker imports it
    import uvicorn

    from store_uptime.service.app import create_app
    from store_uptime.service.backend.background import ServerProcess
    from store_uptime.service.front.proxies import is_proxy
    from store_uptime.service.front.slow_clients import HeaderTimeoutProtocol
    from store_uptime.service.observability import logs

    logs.configure(settings.log_format or ("text" if sys.stderr.isatty() else "json"))
    named = settings.named_proxies
    HeaderTimeoutProtocol.head_s = settings.timing.head_s
    connections = Connections(allow_files(2 * CONNECTIONS), lambda peer: is_proxy(peer, named))
    HeaderTimeoutProtocol.known_connections = connections
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
        timeout_graceful_shutdown=ANSWERS_S,
        proxy_headers=False,  # front.proxies reads them: Uvicorn takes any text for an address
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    try:
        config.load()
    except OSError as error:
        raise CannotEncrypt(settings.tls_certificate, settings.tls_key, error.strerror or str(error)) from None
    server = uvicorn.Server(config)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)  # until Uvicorn hears it, and after: Uvicorn raises it again when all is done
    logs.log_listening(url(listening, settings))
    server.run([listening])
    if sentences:
        raise CannotServe(sentences[0])
    if not server.started:
        raise CannotServe("The server could not start; its log says why.")


def url(listening: socket.socket, settings: Settings) -> str:
    """The address of the page."""
    host, port = listening.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls_certificate else 'http'}://{name}:{port}"

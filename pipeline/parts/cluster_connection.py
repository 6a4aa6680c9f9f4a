"""The connection to a Dask scheduler, and why there is none."""

import copyreg
import logging
import socket
import ssl
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from distributed import Client, Security

from store_uptime.pipeline.errors import CertificatesUnusable, ClusterUnreachable, StoreUptimeError
from store_uptime.pipeline.parts.cluster_address import CHECK_HOST, parse_address
from store_uptime.pipeline.parts.cluster_tls import Tls, check_files, dask_files

CONNECTING_S = 10.0
AGAIN_S = 0.5
ANSWERING_S = 3.0
NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING")
NO_SCHEDULER = "it answers, but not as a scheduler of Dask does"
NOISY = ("distributed", "tornado", "asyncio", "bokeh")  # loggers
NAME_THEM = "Name them: --cluster-ca, --cluster-cert and --cluster-key."


def pickled_as_before() -> None:
    """Have our errors pickled by their facts, as they were until Dask was imported."""
    # Importing it has every error of this process pickled with its causes: one that a panic has caused could not go
    # from a worker process of the service to the server any more.
    for error in causes_below(StoreUptimeError):
        copyreg.dispatch_table.pop(error, None)


def causes_below(error: type[StoreUptimeError]) -> Generator[type[StoreUptimeError]]:
    yield error
    for below in error.__subclasses__():
        yield from causes_below(below)


pickled_as_before()


class ClosedByUs(Client):
    """A client that does nothing when it is collected: one that could not connect would wait for 20 s then."""

    def __del__(self) -> None:
        pass


def connect(address: str, tls: Tls | None) -> Client:
    """A client of the scheduler. Raises AddressNotUnderstood, CertificatesUnusable, ClusterUnreachable."""
    host, port = parse_address(address)
    security, context = security_of(address, tls)
    await_scheduler(address, host, port, context)
    try:
        with warnings.catch_warnings(action="ignore"):  # of versions that differ, which we compare ourselves
            return ClosedByUs(
                address,
                timeout=CONNECTING_S,
                security=security,
                set_as_default=False,  # a program may have a client of its own
                direct_to_workers=False,  # which may be in a network of their own
            )
    except Exception as error:
        # The address of a worker, say.
        raise ClusterUnreachable(address, f"{NO_SCHEDULER} ({error})", CHECK_HOST) from error


def security_of(address: str, tls: Tls | None) -> tuple[Security, ssl.SSLContext | None]:
    """What Dask connects with, and the context of it. Raises ClusterUnreachable, CertificatesUnusable."""
    if not address.startswith("tls:"):
        if tls:
            raise ClusterUnreachable(address, "there are certificates for it, and tcp:// takes none", "Write tls://.")
        return Security(), None
    if tls:
        check_files(tls)
    security = Security(**dask_files(tls)) if tls else Security()  # which looks into the configuration of Dask
    try:
        context = security.get_connection_args("client")["ssl_context"]
    except OSError as error:
        raise CertificatesUnusable("what Dask's configuration names", error.strerror or str(error)) from error
    if context is None:
        raise ClusterUnreachable(address, "TLS needs certificates", NAME_THEM)
    return security, context


def await_scheduler(address: str, host: str, port: int, context: ssl.SSLContext | None) -> None:
    """Return once a scheduler begins to talk. Raises ClusterUnreachable."""
    # Dask itself would say of most causes that it has timed out, and wait without an end for one who says nothing.
    deadline = time.monotonic() + CONNECTING_S
    while True:
        try:
            if begins_to_talk(host, port, context):
                return
        except ssl.SSLError as error:
            raise ClusterUnreachable(address, *why_no_tls(error)) from error
        except OSError as error:
            if time.monotonic() < deadline:
                time.sleep(AGAIN_S)  # it may just be starting
                continue
            raise ClusterUnreachable(address, error.strerror or "nothing comes back", CHECK_HOST) from error
        if context is None and speaks_tls(host, port):
            raise ClusterUnreachable(address, "it speaks TLS", f"Write tls://. {NAME_THEM}")
        raise ClusterUnreachable(address, NO_SCHEDULER, CHECK_HOST)


def why_no_tls(error: ssl.SSLError) -> tuple[str, str]:
    """Why TLS fails, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not one of the authority's ({error.verify_message})", "Check --cluster-ca."
    if error.reason in NOT_TLS:
        return "it does not speak TLS", "Write tcp://."
    return f"it refuses the certificate ({error.reason})", "Check --cluster-cert and --cluster-key."


def begins_to_talk(host: str, port: int, context: ssl.SSLContext | None) -> bool:
    """Whether the other side sends something first, as Dask does. Raises OSError."""
    plain = socket.create_connection((host, port), ANSWERING_S)
    with plain, context.wrap_socket(plain) if context else plain as talk:
        try:
            return bool(talk.recv(1))
        except TimeoutError:
            return False


def speaks_tls(host: str, port: int) -> bool:
    """Whether the other side answers a TLS client, whoever it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), ANSWERING_S) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


@contextmanager
def logs_hidden() -> Generator[None]:
    """Keep what Dask logs from stderr: it prints traces of lost connections, which become errors of ours."""
    # Dask gives some of its loggers handlers of their own when it is imported.
    names = [name for name in [*logging.root.manager.loggerDict, *NOISY] if name.partition(".")[0] in NOISY]
    loggers = [logging.getLogger(name) for name in dict.fromkeys(names)]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    nowhere: logging.Handler = logging.NullHandler()
    for logger in loggers:
        logger.handlers, logger.propagate = [nowhere], False
    try:
        yield
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate

"""The certificates with which a cluster is talked to."""

from dataclasses import dataclass
from pathlib import Path

from store_uptime.pipeline.errors import CertificatesUnusable


@dataclass(frozen=True)
class Tls:
    """The files, all PEM, with which a cluster is talked to: its authority, and a certificate of that with its key."""

    ca: Path
    cert: Path
    key: Path


def dask_files(tls: Tls) -> dict[str, str]:
    """The files under the names that Dask has for them."""
    return {"tls_ca_file": str(tls.ca), "tls_client_cert": str(tls.cert), "tls_client_key": str(tls.key)}


def check_files(tls: Tls) -> None:
    """Raises CertificatesUnusable."""
    import ssl

    for file in (tls.ca, tls.cert, tls.key):
        try:
            file.read_bytes()
        except OSError as error:
            raise CertificatesUnusable(str(file), error.strerror or str(error)) from error
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(tls.ca)
    except ssl.SSLError as error:
        raise CertificatesUnusable(str(tls.ca), "it holds no certificate") from error
    try:
        context.load_cert_chain(tls.cert, tls.key, password=lambda: b"")
    except ssl.SSLError as error:
        reason = "the key is that of another certificate" if "MISMATCH" in (error.reason or "") else "it is not PEM"
        raise CertificatesUnusable(f"{tls.cert} and {tls.key}", reason) from error

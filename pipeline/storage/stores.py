"""The address of objects in, the store that has them out; its errors become ours.

store_of          the store of a bucket, by obstore
polars_options    the same settings for Polars, which has a client of its own
storage_errors    around whatever asks a store

Both clients take credentials, regions and endpoints from the variables that a cloud's own tools read. A store is opened
in each process by its address, so nothing that is passed on holds a secret.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from store_uptime.pipeline.errors import (
    SourceBusy,
    SourceMismatch,
    SourceMissing,
    SourceRefused,
    SourceUnreachable,
    StoreUptimeError,
)
from store_uptime.pipeline.extras import STORAGE, provided_by
from store_uptime.pipeline.storage.addresses import ObjectAddress

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

# obstore goes on trying for three minutes unless it is told otherwise.
PATIENCE = timedelta(seconds=20)
RETRIES = 2
CONNECT_S, REQUEST_S = 5, 10
POLARS_REQUEST_S = 120  # Polars asks for tens of megabytes at once
VARIABLES = ("AWS_", "GOOGLE_", "AZURE_")
ENDPOINTS = {"s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")}
CREDENTIALS = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role has them.",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account has them.",
    "az": "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or run where an identity has them.",
}
STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w+)</Code>")
# Where credentials are asked for that the environment does not have.
ISSUERS = ("169.254.169.254", "169.254.170.2", "metadata.google.internal", "token request", "must be specified")
KINDS = {
    "FileNotFoundError": 404,
    "NotFoundError": 404,
    "PermissionDeniedError": 403,
    "UnauthenticatedError": 401,
    "PreconditionError": 412,
}
"""The status that a class of errors stands for."""
ASKED = "Error performing"  # in every error of a request
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
BAD_KEYS = ("parse path", "parsing path")
NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")


def store_of(address: ObjectAddress, request_s: int = REQUEST_S) -> "ObjectStore":
    """The store of an object's bucket. request_s: how long a request may take.

    Raises ExtraMissing, SourceRefused.
    """
    variables = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith(VARIABLES)))
    endpoint = endpoint_of(address.scheme)
    if endpoint is not None and not endpoint.startswith(("http://", "https://")):  # obstore would panic
        raise SourceRefused(str(address), "its endpoint is no URL", "Write https://HOST, or http://HOST:PORT.")
    with storage_errors(address):
        return _store(address.bucket, address.scheme, variables, request_s)


@lru_cache(8)  # by the environment too: it may change between two runs of a process
def _store(bucket: str, scheme: str, variables: tuple[tuple[str, str], ...], request_s: int) -> "ObjectStore":
    with provided_by(STORAGE):
        from obstore.store import from_url

    settings: Any = {"endpoint": endpoint} if (endpoint := endpoint_of(scheme)) else None
    client: ClientConfig = {
        "timeout": timedelta(seconds=request_s),
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "allow_http": allows_http(scheme),
    }
    retries: RetryConfig = {"max_retries": RETRIES, "retry_timeout": PATIENCE}
    return from_url(bucket, config=settings, client_options=client, retry_config=retries)


def endpoint_of(scheme: str) -> str | None:
    """The endpoint that the environment names, for a store that only speaks the protocol of a cloud."""
    return next((os.environ[name] for name in ENDPOINTS.get(scheme, ()) if os.environ.get(name)), None)


def allows_http(scheme: str) -> bool:
    """Whether requests may go without TLS: where the endpoint that was named has none, or a variable says so."""
    allowed = (os.environ.get(f"{prefix}ALLOW_HTTP", "").lower() in ("1", "true", "yes") for prefix in VARIABLES)
    return (endpoint_of(scheme) or "").startswith("http://") or any(allowed)


def polars_options(address: ObjectAddress) -> dict[str, Any]:
    """The storage options with which Polars asks the same store, by the same variables."""
    endpoint = endpoint_of(address.scheme)
    return {
        "max_retries": RETRIES,
        "retry_timeout_ms": int(PATIENCE.total_seconds() * 1_000),
        "timeout": f"{POLARS_REQUEST_S}s",
        "connect_timeout": f"{CONNECT_S}s",
        "allow_http": "true" if allows_http(address.scheme) else "false",
        **({"endpoint": endpoint} if endpoint else {}),
    }


@contextmanager
def storage_errors(address: ObjectAddress) -> Iterator[None]:
    """Raises the error of ours that says what went wrong with an address: SourceMissing, SourceRefused,
    SourceUnreachable, SourceBusy."""
    try:
        yield
    except StoreUptimeError:
        raise
    except Exception as error:
        if not is_of_store(error):
            raise
        raise as_ours(error, address) from error


def is_of_store(error: Exception) -> bool:
    """Whether an error is one that obstore raises."""
    # By its module: an import would be one of obstore, which may be missing.
    return type(error).__module__.startswith("obstore") or isinstance(error, OSError | ValueError)


def as_ours(error: Exception, address: ObjectAddress) -> StoreUptimeError:
    """The error of ours for one of obstore's, or of Polars'."""
    # Their classes do not tell these apart when a listing fails: the answer of the server does, which the text holds.
    text, where = str(error), str(address)
    answer = Answer.of(error)
    if any(issuer in text for issuer in ISSUERS):
        return SourceRefused(where, "no credentials were found", CREDENTIALS[address.scheme])
    if answer.status:
        return answered(answer, address)
    if any(words in text.lower() for words in BAD_KEYS):
        return SourceMismatch(where, f"a key in it cannot be read ({first_line(text)})", "give the object another key")
    if ASKED not in text:
        return SourceRefused(where, f"its settings cannot be used ({first_line(text)})", CREDENTIALS[address.scheme])
    return SourceUnreachable(where, connection_reason(text))


class Answer(NamedTuple):
    """What a server has answered: the status, and the code of its error, if it has said one."""

    status: int
    code: str

    @classmethod
    def of(cls, error: Exception) -> Self:
        """The answer that an error tells of; 0: there was none."""
        status, code = (match[1] if (match := found.search(str(error))) else "" for found in (STATUS, CODE))
        return cls(int(status or KINDS.get(type(error).__name__, 0)), code)


def answered(answer: Answer, address: ObjectAddress) -> StoreUptimeError:
    """The error where a server has answered with one."""
    where, code = str(address), f" ({answer.code})" if answer.code else ""
    match answer.status:
        case 404 if answer.code in NO_BUCKET:
            return SourceMissing(address.bucket, "there is no such bucket")
        case 404:
            return SourceMissing(where, "no object has this key, or one below it")
        case 401 | 403:
            return SourceRefused(where, f"access is denied{code}", CREDENTIALS[address.scheme])
        case 412:
            return SourceBusy(where, "it was replaced while it was being read")
        case 301 | 307 | 400 if answer.status != 400 or "region" in answer.code.lower():
            return SourceRefused(where, f"the bucket is in another region{code}", "Set AWS_REGION to the bucket's own.")
        case _:
            return SourceUnreachable(where, f"it answers {answer.status}{code}")


def connection_reason(text: str) -> str:
    """Why no request succeeded, in a few words."""
    lower = text.lower()
    if "badscheme" in lower or "builder error" in lower:
        return "its endpoint has no TLS, and AWS_ALLOW_HTTP is not set"
    if "timed out" in lower or "timedout" in lower:
        return f"it has not answered within {PATIENCE.total_seconds():g} seconds"
    if "dns error" in lower or "failed to lookup" in lower:
        return "the name of its host is not known"
    if "connection refused" in lower:
        return f"nothing listens at its endpoint{proxy_words()}"
    if "error sending request" in lower:  # it does not say more
        return f"no connection to its endpoint can be made, by TLS if that is an https:// one{proxy_words()}"
    return first_line(text)


def proxy_words() -> str:
    """Which variable names a proxy, if one does: requests go there."""
    named = [name for name in (*PROXIES, *map(str.lower, PROXIES)) if os.environ.get(name)]
    return f", or at the proxy of {named[0]}" if named else ""


def first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")

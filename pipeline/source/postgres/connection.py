"""A connection string in, a psycopg connection and the URL of ConnectorX out.

connect                    a psycopg connection, or one of our errors within seconds
source_error               our error for a statement that failed
connectorx_url             the same server and rights, as ConnectorX takes them
redacted, connection_name  the address for people, without the password
end_statements             ends the connections of a run on the server
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store_uptime.pipeline.errors import AddressNotUnderstood, SourceBusy, SourceRefused, SourceUnreachable
from store_uptime.pipeline.source.postgres.locks import TablesReplaced
from store_uptime.pipeline.source.postgres.patience import PatientConnection, connection_options

if TYPE_CHECKING:
    from psycopg.abc import ConnDict

END_PATIENCE = timedelta(seconds=5)
REFUSALS = ("authentication", "password", "role ", "database ", "SSL", "TLS", "certificate", "permission", "pg_hba")
URL = re.compile(r"postgres(?:ql)?://(?:[^@/]*@)?[^@/?]*(?:/[^@?]*)?(?:\?.*)?", re.DOTALL)
PREFIX = re.compile("^(?:connection is bad: |connection failed: )*(?:connection to server .*? failed: )?")
ESCAPE = "In a URL, what is special in a password is written %XX: @ is %40, / is %2F, % is %25."
BUSY = (
    TablesReplaced,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.QueryCanceled,  # by a time limit
    errors.SerializationFailure,  # a standby had to replay a change that our snapshot was blocking
    errors.TooManyConnections,
)
ENDED = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
    errors.ConnectionException,
)
KEPT_WAITS = {
    "connect_timeout": "connect_timeout",
    "keepalives": "keepalives",
    "keepalives_idle": "keepalives_idle",
    "keepalives_interval": "keepalives_interval",
    "keepalives_count": "keepalives_retries",
}
POOLER = "A pooler before it must have pool_mode = transaction or session, and a connection left for this."
TLS_FILES = {"sslrootcert": "root.crt", "sslcert": "postgresql.crt", "sslkey": "postgresql.key"}


def connect(address: str, application: str, patience: timedelta | None = None) -> psycopg.Connection:
    """A connection by libpq's own rules (URL, key=value, PG… variables, services, .pgpass), in autocommit.

    patience: how long a statement may take, whatever has become of the server: see `PatientConnection`.
    Raises SourceUnreachable where nothing answers, SourceRefused where the answer is no, AddressNotUnderstood.
    """
    options = connection_options(parse_conninfo(address), patience)
    settings = {"application_name": application, "client_encoding": "UTF8", **options}
    try:
        connection = PatientConnection.connect(make_conninfo(address, **settings), autocommit=True)
        connection.patience = patience
        # Prepared statements belong to a session of the server, and a pooler gives us another one for each transaction.
        connection.prepare_threshold = None
        return connection
    except psycopg.ProgrammingError as error:
        raise not_understood(address, error) from None
    except psycopg.Error as error:
        raise connection_error(redacted(address), error) from None


def end_statements(address: str, application: str) -> None:
    """End every connection that has this application name; never raises."""
    # The server does not notice that a client has ended before the client's statement has rows to send.
    try:
        with connect(address, f"{application} end", END_PATIENCE) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = %s and pid <> pg_backend_pid()",
                [application],
            )
    except Exception:  # noqa: S110 - the caller raises the error that it had before
        pass


def parse_conninfo(address: str) -> "ConnDict":
    """The libpq options of an address. Raises AddressNotUnderstood, also where the host is part of a password."""
    if address.startswith(("postgresql://", "postgres://")) and not URL.fullmatch(address):
        raise AddressNotUnderstood("the database", "its address has an @ too many", ESCAPE)
    try:
        return conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        raise not_understood(address, error) from None


def not_understood(address: str, error: psycopg.ProgrammingError) -> AddressNotUnderstood:
    if "=" not in address and not address.startswith(("postgresql://", "postgres://")):
        # Of the address only the scheme: the rest may hold a password.
        scheme = f" ({address.partition('://')[0]}://…)" if "://" in address else ""
        found = f"its address is none of PostgreSQL's{scheme}"
        return AddressNotUnderstood("the database", found, "Write postgresql://USER@HOST/DATABASE.")
    # Without the parts of the address that libpq quotes: they may be a password.
    sentence = re.sub("[\"'].*[\"']", "…", error_sentence(error))
    return AddressNotUnderstood("the database", f"its address is not understood ({sentence})", ESCAPE)


def source_error(source: str, error: Exception, remedy: str) -> SourceUnreachable | SourceBusy | SourceRefused:
    """Our error for one that a statement has raised, by its class. remedy: what to do where the server refuses."""
    reason = error_sentence(error)
    if isinstance(error, BUSY):
        return SourceBusy(source, reason)
    if isinstance(error, errors.ProtocolViolation):
        return SourceRefused(source, reason, POOLER)
    is_lost = isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08").startswith("08")
    return (
        SourceUnreachable(source, reason)
        if is_lost or isinstance(error, ENDED)
        else SourceRefused(source, reason, remedy)
    )


def connection_error(source: str, error: psycopg.Error) -> SourceUnreachable | SourceRefused:
    # libpq keeps no SQLSTATE of a failed connection. Whether a password was needed can be seen; the rest are words of
    # the server (in the language of its lc_messages) or of libpq.
    reason = error_sentence(error)
    asked_for_password = error.pgconn is not None and (error.pgconn.needs_password or error.pgconn.used_password)
    if asked_for_password or any(word in reason for word in REFUSALS):
        return SourceRefused(source, reason, "Check user, password, database name and sslmode of the address.")
    return SourceUnreachable(source, reason)


def error_sentence(error: BaseException) -> str:
    """The sentence of an error message, without the prefixes of libpq and ConnectorX and the addresses they tried."""
    text = str(error).strip() or type(error).__name__
    lines = [line.removeprefix("- ").strip() for line in text.splitlines()]
    sentence = next((line for line in lines if "FATAL:" in line), lines[0])
    for word in ("FATAL:", "ERROR:"):
        sentence = sentence.rpartition(word)[-1]
    return PREFIX.sub("", sentence.strip()).rstrip(".")


def redacted(address: str) -> str:
    """An address as `postgresql://user@host:port/database`, without its password."""
    option = parse_conninfo(address)
    user = f"{option['user']}@" if option.get("user") else ""
    port = f":{option['port']}" if option.get("port") else ""
    service = f"service {option['service']}" if option.get("service") else ""
    return f"postgresql://{user}{option.get('host', service)}{port}/{option.get('dbname', '')}"


def connection_name(connection: psycopg.Connection) -> str:
    """The same of an open connection, with the parts that services and environment variables have set."""
    info = connection.info
    return f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"


def connectorx_url(connection: psycopg.Connection, source: str, settings: Mapping[str, str] | None = None) -> str:
    """The server of a connection as a URL for ConnectorX, with at least the same protection.

    settings: of the server, for the whole session. Raises SourceRefused for what ConnectorX cannot do: check a host
    name, or encrypt by GSSAPI.
    """
    option = {part.keyword.decode(): part.val.decode() for part in connection.pgconn.info if part.val}
    require_kept(option, source)
    info = connection.info
    query = {key: option[key] for key in ("application_name", "channel_binding") if key in option}
    query |= {theirs: option[ours] for ours, theirs in KEPT_WAITS.items() if ours in option}
    if "tcp_user_timeout" in option:
        query["tcp_user_timeout"] = str(-(-int(option["tcp_user_timeout"]) // 1_000))  # in seconds there
    # For the session, not in its transaction: ConnectorX prepares a statement, which waits for locks, before it begins.
    ours = [f"-c {name}={value}" for name, value in (settings or {}).items()]
    if ours or "options" in option:
        query["options"] = " ".join([*ours, option.get("options", "")]).strip()
    query |= tls_files(option) if connection.pgconn.ssl_in_use else {}
    # Address and encryption are those of this connection: libpq has chosen among several servers of one name, or ways
    # to one, and another choice might be another server.
    query["sslmode"] = "require" if connection.pgconn.ssl_in_use else "disable"
    host = info.host
    if host.startswith("/"):
        query["host"], host = host, "localhost"
    else:
        query["hostaddr"] = info.hostaddr
    login = quote(info.user, safe="") + (f":{quote(info.password, safe='')}" if info.password else "")
    network_host = f"[{host}]" if ":" in host else host
    return (
        f"postgresql://{login}@{network_host}:{info.port}/{quote(info.dbname, safe='')}"
        f"?{urlencode(query, quote_via=quote)}"
    )


def require_kept(option: dict[str, str], source: str) -> None:
    """Raises SourceRefused for protection that ConnectorX does not offer."""
    # Its driver knows no verify-ca or verify-full: https://github.com/rust-postgres/rust-postgres/pull/988. With
    # sslrootcert it checks the chain, and never the host name.
    if option.get("sslmode") == "verify-full" or option.get("sslrootcert") == "system":
        raise SourceRefused(
            source,
            "the host name in a certificate cannot be checked while pulling, and sslmode=verify-full asks for it",
            "Use sslmode=verify-ca with sslrootcert=FILE, or a tunnel that checks the name.",
        )
    for key in ("sslcrl", "sslcrldir", "require_auth"):
        if option.get(key):
            raise SourceRefused(source, f"{key} cannot be kept while pulling", f"Leave {key} out, or use a tunnel.")
    if option.get("gssencmode") == "require":
        raise SourceRefused(source, "gssencmode=require cannot be kept while pulling", "Use sslmode=require instead.")


def tls_files(option: dict[str, str]) -> dict[str, str]:
    """The files that libpq uses: those named, else those in ~/.postgresql, as far as they exist."""
    default_folder = Path.home() / ".postgresql"
    files = {key: Path(option.get(key, default_folder / name)) for key, name in TLS_FILES.items()}
    return {key: str(file) for key, file in files.items() if file.exists()}

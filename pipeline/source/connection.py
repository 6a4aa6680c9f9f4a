"""One connection string, for libpq and for ConnectorX.

connected        a psycopg connection, or an error of ours within seconds
connectorx_url   the same server and rights, as ConnectorX takes them
shown            where it is, for people: without the password
"""

from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipeline.errors import SourceRefused, SourceUnreachable

CONNECT_TIMEOUT_S = 4
SSL_MODES = {"disable": "disable", "allow": "prefer", "prefer": "prefer", "require": "require", "verify-ca": "require"}
REFUSALS = ("authentication", "password", "role ", "database ", "SSL", "TLS", "certificate", "permission", "pg_hba")


def connected(address: str, application: str) -> psycopg.Connection:
    """A connection by libpq's own rules (URL, key=value, PG… variables, services, .pgpass), in autocommit.

    Raises SourceUnreachable where nothing answers, SourceRefused where the answer is no.
    """
    try:
        patience = conninfo_to_dict(address).get("connect_timeout") or CONNECT_TIMEOUT_S
        return psycopg.connect(
            make_conninfo(address, application_name=application, connect_timeout=patience), autocommit=True
        )
    except psycopg.ProgrammingError as error:
        raise SourceUnreachable("the database", f"its address is not understood ({first_line(error)})") from None
    except psycopg.Error as error:
        raise connection_error(shown(address), first_line(error)) from None


def connection_error(place: str, reason: str) -> SourceUnreachable | SourceRefused:
    """Which of the two a failed connection is, by the words of the server or of libpq."""
    if any(word in reason for word in REFUSALS):
        return SourceRefused(place, reason, "Check user, password, database name and sslmode of the address.")
    return SourceUnreachable(place, reason)


def first_line(error: BaseException) -> str:
    """The sentence of an error message, without what libpq puts before it and the addresses that it tried."""
    text = str(error).strip() or type(error).__name__
    lines = [line.removeprefix("- ").strip() for line in text.splitlines()]
    sentence = next((line for line in lines if "FATAL:" in line), lines[0])
    return sentence.split("FATAL:")[-1].removeprefix("connection failed:").removeprefix("ERROR:").strip().rstrip(".")


def shown(address: str) -> str:
    """`postgresql://user@host:port/database`, whatever form the address has."""
    asked = conninfo_to_dict(address)
    user = f"{asked['user']}@" if asked.get("user") else ""
    port = f":{asked['port']}" if asked.get("port") else ""
    service = f"service {asked['service']}" if asked.get("service") else ""
    return f"postgresql://{user}{asked.get('host', service)}{port}/{asked.get('dbname', '')}"


def connectorx_url(connection: psycopg.Connection, place: str) -> str:
    """The server that a connection has reached, as a URL for ConnectorX; never with less protection than was asked.

    Raises SourceRefused for what ConnectorX cannot do: check a host name, or encrypt by GSSAPI.
    """
    option = {part.keyword.decode(): part.val.decode() for part in connection.pgconn.info if part.val}
    ssl_mode = option.get("sslmode", "prefer")
    if ssl_mode not in SSL_MODES or option.get("sslrootcert") == "system":
        remedy = "Use sslmode=verify-ca with sslrootcert=FILE, or a tunnel that checks the name."
        raise SourceRefused(
            place, f"sslmode={ssl_mode} cannot be kept while pulling, which cannot check host names", remedy
        )
    if option.get("gssencmode") == "require":
        raise SourceRefused(place, "gssencmode=require cannot be kept while pulling", "Use sslmode=require instead.")
    info = connection.info
    host, port = option.get("hostaddr") or info.host, info.port
    query = {"sslmode": SSL_MODES[ssl_mode], "application_name": option.get("application_name", "")}
    query |= {key: option[key] for key in ("sslrootcert", "sslcert", "sslkey", "options") if key in option}
    if host.startswith("/"):
        query["host"], host = host, "localhost"
    login = quote(info.user, safe="") + (f":{quote(info.password, safe='')}" if info.password else "")
    network_host = f"[{host}]" if ":" in host else host
    return (
        f"postgresql://{login}@{network_host}:{port}/{quote(info.dbname, safe='')}?{urlencode(query, quote_via=quote)}"
    )

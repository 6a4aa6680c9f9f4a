"""What tests share: PostgreSQL servers, one pair for each process of the tests, and databases on them."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.buckets import Lake, a_lake
from tests.support.feeds import ASIDE
from tests.support.postgres import (
    PASSWORD,
    Cluster,
    TlsFront,
    fresh_database,
    make_certificates,
    new_cluster,
    open_folder,
    own_server,
    run,
)

gc.set_threshold(100_000)  # as in service/__main__.py; a tenth of what small reports take here
for name in [name for name in os.environ if name.startswith(ASIDE)]:
    del os.environ[name]  # settings of whoever runs the tests, and none of theirs
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell, Ctrl-C would be ignored
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
os.environ["RUST_LOG"] = "off"  # as the source of PostgreSQL says, though some tests import ConnectorX before it


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real server, as its superuser."""
    with own_server() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The URL of an empty database."""
    with fresh_database(server) as url:
        yield url


@pytest.fixture(scope="session")
def lake() -> Iterator[Lake]:
    """A bucket on a server that speaks S3; each test module has prefixes of its own."""
    with a_lake() as lake:
        yield lake


@pytest.fixture(scope="session")
def guarded() -> Iterator[Cluster]:
    """A server that asks for passwords: the user `me` has one full of characters that mean something in a URL."""
    with new_cluster() as cluster, cluster.running():
        run(cluster.socket_url, f"create role me login password '{PASSWORD}'")
        yield cluster


@pytest.fixture(scope="session")
def certificates() -> Iterator[Path]:
    """A folder with ca.crt, server.crt and server.key, and other.crt of a stranger."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    with open_folder() as folder:
        make_certificates(folder)
        yield folder


@pytest.fixture(scope="session")
def front(guarded: Cluster, certificates: Path) -> Iterator[TlsFront]:
    """The same server behind TLS."""
    with TlsFront(certificates, guarded.port) as listening:
        yield listening

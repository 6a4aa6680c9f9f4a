"""What tests share: a PostgreSQL server for each process of the tests, databases on it, and one that asks for more."""

import shutil
from collections.abc import Iterator

import pytest

from tests.postgres import PASSWORD, Cluster, fresh_database, make_certificates, new_cluster, own_server, run


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real server, its superuser's."""
    with own_server() as url:
        yield url


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The URL of an empty database."""
    with fresh_database(server) as url:
        yield url


@pytest.fixture(scope="session")
def guarded() -> Iterator[Cluster]:
    """A server with TLS and passwords: the user `me` has one full of characters that a URL cannot hold as they are."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    with new_cluster() as cluster:
        make_certificates(cluster.data.parent, cluster.owner)
        files = (
            f"ssl_{name}_file={cluster.data.parent}/server.{ending}"
            for name, ending in (("cert", "crt"), ("key", "key"))
        )
        with cluster.running("ssl=on", *files):
            run(cluster.socket_url, f"create role me login password '{PASSWORD}'")
            yield cluster

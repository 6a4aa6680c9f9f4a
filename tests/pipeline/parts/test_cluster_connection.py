"""Clusters that cannot be reached: each cause is a sentence that says what to do."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store_uptime.pipeline.errors import (
    AddressNotUnderstood,
    CertificatesUnusable,
    ClusterUnreachable,
    StoreUptimeError,
)
from store_uptime.pipeline.parts.executors import Task, Tls, opened_executor
from tests.support import cluster_tasks
from tests.support.cluster import CONNECTION, Dask, dask_cluster
from tests.support.postgres import free_port

PAGE = Path(__file__).parents[3] / "docs" / "cluster.md"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONNECTION, "CONNECTING_S", 0.5)
    monkeypatch.setattr(CONNECTION, "ANSWERING_S", 0.5)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Tls:
    """What the commands of docs/cluster.md make; `certificates` are of others."""
    (commands,) = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run(["sh", "-ec", commands], cwd=folder, check=True, capture_output=True)
    return Tls(folder / "ca.crt", folder / "cluster.crt", folder / "cluster.key")


@pytest.fixture(scope="module")
def guarded(ours: Tls) -> Iterator[Dask]:
    """A cluster that speaks TLS."""
    files = ("--tls-ca-file", str(ours.ca), "--tls-cert", str(ours.cert), "--tls-key", str(ours.key))
    with dask_cluster(workers=1, options=files) as cluster:
        yield cluster


def sentence(address: str, tls: Tls | None = None, cause: type[StoreUptimeError] = ClusterUnreachable) -> str:
    """What is said of a cluster that cannot be opened."""
    with pytest.raises(cause) as raised, opened_executor(address, tls):
        pass
    return str(raised.value)


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """The port of a server that says the same to everybody, and closes; or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    with server.accept()[0] as caller:
                        caller.recv(1)
                        caller.sendall(answer or b"")
                except OSError:
                    return

        if answer is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


# TLS ------------------------------------------------------------------------------------------------------------------


def test_tasks_run_over_tls(guarded: Dask, ours: Tls) -> None:
    assert guarded.address.startswith("tls://")
    with opened_executor(guarded.address, ours) as executor:
        assert list(executor.results(cluster_tasks.doubled, [Task(0, (4,), "part 0")])) == [(0, b"8")]


def test_a_plain_client_is_told_of_tls(guarded: Dask) -> None:
    told = sentence(guarded.address.replace("tls:", "tcp:"))
    assert told.endswith("it speaks TLS. Write tls://. Name them: --cluster-ca, --cluster-cert and --cluster-key.")


def test_tls_needs_certificates(guarded: Dask) -> None:
    assert sentence(guarded.address).endswith(
        "TLS needs certificates. Name them: --cluster-ca, --cluster-cert and --cluster-key."
    )


def test_a_cluster_of_another_authority_is_refused(guarded: Dask, ours: Tls, certificates: Path) -> None:
    stranger = Tls(certificates / "other.crt", ours.cert, ours.key)
    assert "its certificate is not one of the authority's" in sentence(guarded.address, stranger)


def test_a_cluster_refuses_a_certificate_of_another_authority(guarded: Dask, ours: Tls, certificates: Path) -> None:
    stranger = Tls(ours.ca, certificates / "other.crt", certificates / "other.key")
    assert "it refuses the certificate" in sentence(guarded.address, stranger)


UNUSABLE = {
    "a missing file": (("ca.crt", "none.crt", "server.key"), "none.crt for a cluster: No such file or directory. "),
    "no certificate": (("server.key", "server.crt", "server.key"), "server.key for a cluster: it holds no certificate"),
    "another's key": (("ca.crt", "server.crt", "other.key"), "other.key for a cluster: the key is that of another "),
    "no PEM": (("ca.crt", "server.key", "server.key"), "server.key for a cluster: it is not PEM"),
}


@pytest.mark.parametrize(("names", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_files_that_cannot_be_used_are_named(certificates: Path, names: tuple[str, str, str], words: str) -> None:
    files = Tls(*(certificates / name for name in names))
    assert words in sentence(f"tls://127.0.0.1:{free_port()}", files, CertificatesUnusable)


def test_certificates_are_for_tls_alone(ours: Tls) -> None:
    assert sentence("tcp://127.0.0.1:8786", ours).endswith("and tcp:// takes none. Write tls://.")


# Addresses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["http://here:8786", "here:8786", "tcp://here", "tcp://:8786", "tcp://here:99999", "cluster", ""]
)
def test_an_address_that_is_none_is_not_tried(address: str) -> None:
    assert "Write local, tcp://HOST:PORT or tls://HOST:PORT." in sentence(address, cause=AddressNotUnderstood)


def test_ipv6_is_understood() -> None:
    assert CONNECTION.parse_address("tcp://[::1]:8786") == ("::1", 8786)


def test_where_nobody_listens_it_is_said() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    assert sentence(address).startswith(f"cannot reach the cluster at {address}: Connection refused. ")


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["silent", "a web server"])
def test_what_is_no_scheduler_is_not_waited_for(answer: bytes | None) -> None:
    with answering(answer) as port:
        assert CONNECTION.NO_SCHEDULER in sentence(f"tcp://127.0.0.1:{port}")


def test_what_speaks_no_tls_is_told_so(ours: Tls) -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert sentence(f"tls://127.0.0.1:{port}", ours).endswith("it does not speak TLS. Write tcp://.")


def test_the_address_of_a_worker_is_no_scheduler() -> None:
    with dask_cluster(workers=1) as cluster:
        assert CONNECTION.NO_SCHEDULER in sentence(cluster.workers[0].address)

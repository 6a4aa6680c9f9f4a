"""Where deliveries go: a server that speaks S3, and one that receives announcements and answers as a test sets it."""

import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.feeds import surroundings
from tests.support.postgres import eventually, free_port, open_folder

HANGING_S = 30
LOOK_S = 0.02  # whether it is over
ACCESS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "something secret"}


@dataclass
class Received:
    """A request that has come, and when."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Receiver:
    """Answers each path with the next of its answers, and with the last one again and again: a status, or `hang`."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, list[int | str]] = {}
        self.is_over = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received(self.path, dict(self.headers), body))
                answers = receiver.answers.get(self.path, [200])
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, str):
                    receiver.is_over.wait(HANGING_S)
                    return
                self.send_response(answer)
                self.send_header("Location", "/led-on")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def listening(self) -> Generator["Receiver"]:
        """Receive for the block."""
        threading.Thread(target=self._server.serve_forever, args=[LOOK_S], daemon=True).start()
        try:
            yield self
        finally:
            self.is_over.set()
            self._server.shutdown()
            self._server.server_close()

    def behind_tls(self, certificates: Path) -> int:
        """From now on it speaks TLS alone; its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        return self._server.server_port

    def at(self, path: str) -> list[Received]:
        """What has come to a path."""
        return [each for each in self.received if each.path == path]


def found_weed() -> str:
    """The program of a server that speaks S3."""
    path = shutil.which("weed", path=str(Path(sys.executable).parent))
    if path is None:
        pytest.skip("there is no server for S3 on this platform")
    return path


@contextmanager
def bucket(name: str) -> Generator[str]:
    """The address of a server that speaks S3 and has an empty bucket, for whoever shows ACCESS."""
    ports = {kind: free_port() for kind in ("master", "volume", "filer", "s3", "admin")}
    grpc = {f"{kind}.port.grpc": free_port() for kind in ports}
    options = {f"{kind}.port": port for kind, port in ports.items()} | grpc
    off = ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-ip=127.0.0.1"]
    with open_folder() as folder, (folder / "weed.log").open("wb") as log:
        at = [f"-dir={folder}", f"-bucket={name}", "-ip.bind=127.0.0.1"]
        server = subprocess.Popen(
            [found_weed(), "mini", *off, *at, *(f"-{option}={value}" for option, value in options.items())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=surroundings(**ACCESS),
        )
        url = f"http://127.0.0.1:{ports['s3']}"
        try:
            eventually(lambda: answers(url) or server.poll() is not None, 60)
            assert server.poll() is None, (folder / "weed.log").read_text(encoding="utf-8")
            yield url
        finally:
            server.terminate()
            server.wait(30)


def answers(url: str) -> bool:
    """Whether somebody answers at an address."""
    try:
        httpx.get(url, timeout=2)
    except httpx.TransportError:
        return False
    return True

"""`store-uptime serve` as a process of its own, on a port that is free, stopped at the end of the block.

started   a server that listens, perhaps not yet ready for reports
serving   the same, once it is ready
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from store_uptime.service.errors import NotServing

if TYPE_CHECKING:
    import ssl

    import httpx

START_S, STOP_S, LOOK_S = 120.0, 60.0, 0.05
DEFAULTS = {"STORE_UPTIME_PORT": "0", "STORE_UPTIME_LOG_FORMAT": "json"}
"""Variables of every server that is started here; options win over them. The address is read from the log, so JSON."""


JsonObject = dict[str, Any]
"""What a server says as JSON: its schemas are those of the service, and of each line of its log."""


@dataclass(frozen=True)
class Service:
    """A server process, and the file that it logs to, as JSON."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @cached_property
    def url(self) -> str:
        """Where it listens."""
        return next(line["url"] for line in self.logged() if line["event"] == "listening")

    def client(
        self,
        headers: Mapping[str, str] | None = None,
        cookies: dict[str, str] | None = None,
        verify: "ssl.SSLContext | None" = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> "httpx.Client":
        """An HTTP client of it; options as httpx has them."""
        import httpx

        return httpx.Client(
            base_url=self.url,
            timeout=30,
            headers=headers,
            cookies=cookies,
            verify=self.url.startswith("https:") if verify is None else verify,  # reading the authorities takes 20 ms
            transport=transport,
            trust_env=False,  # a proxy that the environment names is for other machines
        )

    def logged(self) -> list[JsonObject]:
        """The lines of its log; those of native libraries aside."""
        return [json.loads(line) for line in self.lines() if line.startswith("{")]

    def lines(self) -> list[str]:
        """The whole lines of its log as they are."""
        return self.log.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()

    def await_listening(self) -> None:
        """Wait until its address is known. Raises NotServing where it ends, or takes two minutes."""
        self._await(self.is_listening)

    def await_ready(self) -> None:
        """Wait until it runs reports. Raises NotServing as `await_listening` does."""
        self._await(lambda: self.is_listening() and self.is_ready())

    def _await(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_S
        while not holds():
            if self.process.poll() is not None:
                raise NotServing("has ended", " ".join(self.lines()[-1:]))
            if time.monotonic() > deadline:
                raise NotServing(f"is not ready after {START_S:g} seconds", " ".join(self.lines()[-1:]))
            time.sleep(LOOK_S)

    def is_listening(self) -> bool:
        """Whether its address is known."""
        return any(line["event"] == "listening" for line in self.logged())

    def is_ready(self) -> bool:
        """Whether it runs reports."""
        import httpx

        with suppress(httpx.TransportError), self.client() as client:
            return client.get("/ready").is_success
        return False

    def kill(self) -> None:
        """End it with SIGKILL, but not its workers: they notice that it is gone and end by themselves."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as a service manager does, and give its exit status. Raises subprocess.TimeoutExpired."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def started(*options: str, environment: Mapping[str, str] | None = None) -> Generator[Service]:
    """A server that listens, perhaps not yet ready for reports; it is stopped at the end of the block.

    options: those of `store-uptime serve`; without --port it takes one that is free. environment: all variables of the
    process; ours where it is None. Raises NotServing.
    """
    with TemporaryDirectory(prefix="store-uptime-log-") as folder:
        log = Path(folder) / "serve.log"
        # -P: a folder `store_uptime` where the caller stands must not be taken for the package.
        command = [sys.executable, "-P", "-m", "store_uptime.service", "serve", *options]
        variables = {**(os.environ if environment is None else environment), **DEFAULTS}
        # The log goes to a file: into a pipe that nobody reads, the server would block once it is full.
        with log.open("wb") as lines:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=lines, env=variables)
        service = Service(process, log)
        try:
            service.await_listening()
            yield service
        finally:
            stop_or_kill(service)


@contextmanager
def serving(*options: str, environment: Mapping[str, str] | None = None) -> Generator[Service]:
    """A server that is ready for reports; otherwise as `started`."""
    with started(*options, environment=environment) as service:
        service.await_ready()
        yield service


def stop_or_kill(service: Service) -> None:
    """End a server for certain."""
    try:
        service.stop()
    except subprocess.TimeoutExpired:
        service.kill()

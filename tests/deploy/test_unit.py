"""docs/deploy/store-uptime.service: systemd takes it, and the wheel's server works with what it leaves.

Its settings are put into force by hand, as systemd need not be there, in namespaces that end with the server;
not so those of MemoryMax, TasksMax, PrivateDevices and of what needs a capability that an ordinary user has not anyway.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
import pytest

from store_uptime.pipeline.embedded.account import ensure_account
from store_uptime.service.testing import Service
from store_uptime.service.testing.server import DEFAULTS
from tests.deploy.conftest import RECIPES, is_for_everybody
from tests.support.running import complete

pytestmark = pytest.mark.long  # an environment and a server of its own

UNIT = RECIPES / "store-uptime.service"
HERE = Path(__file__).parent
AS_IN_CONFINE = {
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "StateDirectory": "store-uptime",
    "ProtectProc": "invisible",
    "UMask": "0077",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
}
SPARING = {"STORE_UPTIME_DATABASE": "embedded:", "STORE_UPTIME_WORKERS": "1", "STORE_UPTIME_TIMING_DESK_S": "600"}
MOST_EXPOSED = "20"  # tenths; without any of the settings it would be 92


def unit() -> dict[str, str]:
    """The settings of the service."""
    section = UNIT.read_text(encoding="utf-8").partition("[Service]\n")[2].partition("\n[")[0]
    return dict(re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE))


def systemd(*arguments: str | Path) -> str:
    """What systemd-analyze says; it must be content."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_systemd_takes_it(tmp_path: Path) -> None:
    """With a program that is there, as it looks for that too."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(unit()["ExecStart"], "/bin/true"), encoding="utf-8")
    systemd("verify", "--man=no", copy)
    systemd("security", "--offline=true", f"--threshold={MOST_EXPOSED}", copy)


def test_a_server_makes_a_report_with_what_the_unit_leaves_it(installed: Path, tmp_path: Path) -> None:
    assert AS_IN_CONFINE.items() <= unit().items()
    with confined(installed.parents[1], tmp_path) as (service, server), service.client() as client:
        assert "What the figures mean" in client.get("/rule").text
        assert client.post("/sample_data").status_code == 204
        complete(client)
        server.terminate()
        assert service.process.wait(float(unit()["TimeoutStopSec"])) == 0


@contextmanager
def confined(environment: Path, folder: Path) -> Generator[tuple[Service, psutil.Process]]:
    """A server under the unit's settings, once it is ready, and its process."""
    state, log = folder / "state", folder / "serve.log"
    state.mkdir(mode=0o700)
    os.chown(state, *account())
    shutil.copy(HERE / "confine.py", environment)
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    command = [
        *apart,
        "sh",
        str(HERE / "confine.sh"),
        str(environment),
        str(state),
        *limited(),
        *unit()["ExecStart"].split(),
    ]
    with log.open("wb") as lines, subprocess.Popen(command, stderr=lines, env=variables()) as process:
        service = Service(process, log)
        try:
            service.await_ready()
            yield service, psutil.Process(process.pid).children()[0]
        finally:
            process.kill()  # and with it all that it has started


@cache
def account() -> tuple[int, int]:
    """User and group of the service. Skips where its settings cannot be put into force."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root, on Linux, can put a unit's settings into force")
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody have a namespace")
    if not is_for_everybody():
        pytest.skip("there is no Python of at least 3.11 that another user can run")
    return ensure_account()


def limited() -> list[str]:
    """What takes the rights away before the program starts."""
    uid, gid = account()
    files = unit()["LimitNOFILE"]
    user = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    calls = " ".join(allowed(unit()["SystemCallFilter"]))
    return [
        *("prlimit", f"--nofile={files}:{files}", "setpriv", *user, "--no-new-privs"),
        *("/opt/store-uptime/bin/python", "/opt/store-uptime/confine.py", calls, unit()["RestrictAddressFamilies"]),
    ]


def allowed(name: str) -> set[str]:
    """The system calls that a name of systemd stands for."""
    if not name.startswith("@"):
        return {name}
    within = re.findall(r"^ +([@\w-]+)$", systemd("syscall-filter", name), re.MULTILINE)
    return {call for part in within for call in allowed(part)}


def variables() -> dict[str, str]:
    """What systemd would set, and what stands in the unit and in its file of variables."""
    own = dict([unit()["Environment"].split("=", 1)])
    system = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    user = {"USER": "store-uptime", "LOGNAME": "store-uptime", "HOME": "/home/store-uptime"}
    return {**system, **user, **own, **SPARING, **DEFAULTS}

"""`store-uptime worker`: a worker of a real Dask cluster, with the settings that our tasks need."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store_uptime.pipeline.errors import WorkersLost
from store_uptime.pipeline.parts.executors import Task, opened_executor
from tests.support import cluster_tasks
from tests.support.cluster import dask_cluster
from tests.support.commands import Command
from tests.support.feeds import COMMAND, surroundings

ROOT = Path(__file__).parents[3]


@contextmanager
def worker(scheduler: str, *options: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The command for the block, started in a folder of its own; Ctrl-C is how it ends."""
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [COMMAND, "worker", scheduler, *options],
            cwd=folder,
            env=surroundings(PYTHONPATH=str(ROOT), DASK_CONFIG=os.devnull, POLARS_MAX_THREADS="7"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def test_a_worker_has_a_thread_for_tasks_and_its_memory_is_watched_but_not_saved(tmp_path: Path) -> None:
    options = ["--threads", "3", "--memory", "700MiB", "--name", "first"]
    (tmp_path / "json.py").write_text("raise SystemExit('this is the user\\'s')", encoding="utf-8")
    with dask_cluster() as cluster:
        with (
            worker(cluster.address, *options, folder=tmp_path) as process,
            opened_executor(cluster.address) as executor,
        ):
            ((_, described),) = executor.results(cluster_tasks.described, [Task(0, (0,), "part 0")])
        assert process.returncode == 0, (tmp_path / "worker.log").read_text(encoding="utf-8")
    assert json.loads(described) == {
        "host": "tcp://127.0.0.1",
        "name": "first",
        "slots": 1,
        "threads": "3",
        "memory": 700 << 20,
        "target": False,
        "spill": False,
        "pause": False,
    }


@pytest.mark.nightly
def test_a_task_that_needs_more_memory_than_a_worker_may_use_is_named(tmp_path: Path) -> None:
    with (
        dask_cluster() as cluster,
        worker(cluster.address, "--memory", "300MiB", folder=tmp_path),
        opened_executor(cluster.address) as executor,
        pytest.raises(WorkersLost, match="workers died 4 times over part 0, probably out of memory"),
    ):
        list(executor.results(cluster_tasks.greedy, [Task(0, (0,), "part 0")]))


WRONG = {
    "no address": (["http://127.0.0.1:8786"], "cannot reach http://127.0.0.1:8786: "),
    "TLS without certificates": (["tls://127.0.0.1:8786"], "TLS needs certificates. Name them: --cluster-ca"),
    "a name that nobody has": (
        ["tcp://nowhere.invalid:8786"],
        "cannot reach the cluster at tcp://nowhere.invalid:8786",
    ),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_an_address_is_one_sentence(arguments: list[str], words: str, command: Command) -> None:
    said = command("worker", *arguments)
    assert said.status == 1
    assert words in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("size", ["4", "lots", "4 gigs", "-4GiB"])
def test_an_amount_of_memory_is_written_with_its_unit(size: str, command: Command) -> None:
    said = command("worker", "tcp://127.0.0.1:8786", f"--memory={size}")
    assert said.status == 2
    assert "write 4GiB or 512MiB." in said.err

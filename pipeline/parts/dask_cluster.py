"""Tasks on a Dask cluster.

As many tasks are with the cluster as its workers have threads, and the others wait here. Dask takes each task that was
sent to a worker that dies for a suspect, also one that only waited behind another, and gives up on a task that was
suspected often. So the one that is given up on is the one that ran.

A result is taken away and let go as soon as it is there. What lies on a worker that dies would be computed once more.
So a worker that dies costs the task that it had; where it had taken over that of another one that died, and was between
the two, it costs both.
"""

import asyncio
import pickle
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from store_uptime.pipeline.errors import ClusterLost, NoWorkers, WorkerMismatch, WorkersLost
from store_uptime.pipeline.extras import CLUSTER, provided_by
from store_uptime.pipeline.parts.on_worker import COMPARED, MISSING, difference, packed_call, python_version, versions
from store_uptime.pipeline.parts.tasks import Task

if TYPE_CHECKING:
    from distributed import Client, Future

    from store_uptime.pipeline.parts.cluster_tls import Tls

LOOK_S = 0.1  # for results; Ctrl-C is noticed in between, see threads.py
THREADS_S = 2.0  # between looks at how many threads there are
ANSWER_S = 30.0  # for an answer of the scheduler; one that is stopped keeps its connections
CLOSING_S = 1.0
CONNECTION_ENDED = "the connection to its scheduler has ended"

Running = dict[int, "Future[bytes]"]  # by the number of the task
Outcomes = SimpleQueue[tuple[Task, bytes | BaseException]]


@contextmanager
def opened_cluster(address: str, tls: "Tls | None", workers_within_s: float) -> Generator["DaskCluster"]:
    """The cluster at an address. Raises what `opened_executor` does."""
    with provided_by(CLUSTER):
        from store_uptime.pipeline.parts.cluster_connection import connect, logs_hidden

    with logs_hidden():
        client = connect(address, tls)
        try:
            cluster = DaskCluster(client, address, workers_within_s)
            cluster.check_versions()
            yield cluster
        finally:
            with suppress(Exception):  # of a cluster that is gone
                client.close(CLOSING_S)


class DaskCluster:
    """Runs tasks on the workers of a Dask cluster."""

    def __init__(self, client: "Client", address: str, workers_within_s: float) -> None:
        self._client, self.address, self._workers_within_s = client, address, workers_within_s
        self._loop: Any = client.loop
        self._scheduler: Any = client.scheduler  # its procedures are attributes, made when they are called
        self.dashboard = dashboard_of(client)

    @property
    def slots(self) -> int:
        """The threads of all workers just now. Raises ClusterLost."""
        return self._answer(self._scheduler.identity, n_workers=0)["total_threads"]

    def results(self, function: Callable[..., bytes], tasks: Sequence[Task]) -> Generator[tuple[int, bytes]]:
        """The number and the result of each task, as soon as it is there, in no order."""
        waiting, running, outcomes = deque(tasks), Running(), Outcomes()
        threads = Threads(self, self._workers_within_s)

        def submit() -> None:
            self._check_connection()
            while waiting and len(running) < threads.number:
                task = waiting.popleft()
                call = packed_call(function, task.arguments)
                key = f"{function.__name__}-{uuid4()}"  # the dashboard shows what stands before the dash
                # retries: our own errors must not be tried again.
                future = self._client.submit(pickle.loads, call, key=key, pure=False, retries=0)
                running[task.number] = future
                self._loop.add_callback(fetch, future, task, outcomes)

        try:
            submit()
            while waiting or running:
                finished = self._finished(running, outcomes)
                submit()  # first: whoever takes the results may be busy with them for a while
                yield from finished
                threads.look()
        finally:
            with suppress(Exception):  # of a cluster that is gone
                self._client.cancel(list(running.values()))

    def check_versions(self) -> None:
        """Raise WorkerMismatch if the scheduler or one of the workers has other versions than this process."""
        with suppress(ClusterLost):  # a worker that is stopped does not answer; each task compares once more
            asked = {"packages": list(COMPARED)}
            scheduler = self._answer(self._scheduler.versions, **asked)
            workers = self._answer(self._scheduler.broadcast, msg={"op": "versions"} | asked, on_error="ignore")
            # The scheduler unpickles no call, so nothing of ours need be installed there.
            self._compare(self.address, scheduler, names=("distributed",))
            for worker, found in workers.items():
                self._compare(worker, found, names=tuple(versions()))

    def _compare(self, there: str, found: dict[str, Any], names: tuple[str, ...]) -> None:
        packages = {name: version or MISSING for name, version in found["packages"].items()}
        packages["Python"] = python_version(packages["python"])
        if differing := difference({name: versions()[name] for name in names}, packages):
            raise WorkerMismatch(*differing, there)

    def _finished(self, running: Running, outcomes: Outcomes) -> list[tuple[int, bytes]]:
        """The results that are there; their tasks leave `running`. Waits a little where there are none."""
        found = []
        with suppress(Empty):
            task, outcome = outcomes.get(timeout=LOOK_S)
            while True:
                del running[task.number]
                if isinstance(outcome, BaseException):
                    raise self._cause(outcome, task)
                found.append((task.number, outcome))
                task, outcome = outcomes.get_nowait()
        return found

    def _cause(self, error: BaseException, task: Task) -> BaseException:
        """The error of ours that one of Dask means; any other as it is. Raises WorkerMismatch."""
        from distributed import KilledWorker

        match error:
            case KilledWorker():
                return WorkersLost(task.subject, error.allowed_failures + 1)
            case CancelledError() | asyncio.CancelledError():  # by the client, when its connection ends
                return ClusterLost(self.address, CONNECTION_ENDED)
            case ModuleNotFoundError():  # where there is no store-uptime, or an older one, nothing is compared
                self.check_versions()
                return WorkerMismatch(f"the module {error.name}", MISSING, "one of the workers")
            case _:
                return error

    def _check_connection(self) -> None:
        # A client connects again by itself, to a scheduler that knows nothing of its tasks: what was with the old one
        # is cancelled, and what is submitted meanwhile waits for as long as the client tries.
        if self._client.status != "running":
            raise ClusterLost(self.address, CONNECTION_ENDED)

    def _answer(self, ask: Callable[..., Any], **arguments: object) -> Any:
        """What the scheduler answers. Raises ClusterLost."""
        try:
            return self._client.sync(ask, callback_timeout=ANSWER_S, **arguments)
        except TimeoutError:
            raise ClusterLost(self.address, f"its scheduler has not answered for {ANSWER_S:.0f} s") from None
        except Exception as error:
            raise ClusterLost(self.address, str(error) or type(error).__name__) from error


async def fetch(future: "Future[bytes]", task: Task, outcomes: Outcomes) -> None:
    """Take the result or the error of a task away from the cluster, whatever the thread of the pass is busy with."""
    try:
        outcome = await future
    except BaseException as error:
        outcome = error
    future.release()  # whoever holds it has it computed once more if its worker dies
    outcomes.put((task, outcome))


class Threads:
    """How many threads a cluster has, looked at now and then. Raises NoWorkers where it has none for too long."""

    def __init__(self, cluster: DaskCluster, workers_within_s: float) -> None:
        self._cluster, self._workers_within_s = cluster, workers_within_s
        self._looked_at = self._some_until = time.monotonic()
        self.number = cluster.slots

    def look(self) -> None:
        """Look again if it is time to. Raises NoWorkers, ClusterLost."""
        now = time.monotonic()
        if now < self._looked_at + THREADS_S:
            return
        self._looked_at, self.number = now, self._cluster.slots
        if self.number:
            self._some_until = now
        elif now > self._some_until + self._workers_within_s:
            address = self._cluster.address
            raise NoWorkers(
                address,
                f"none has joined for {self._workers_within_s:.0f} s",
                f"Start some with `store-uptime worker {address}`.",
            )


def dashboard_of(client: "Client") -> str | None:
    with suppress(KeyError):  # a scheduler may have none
        return client.dashboard_link
    return None

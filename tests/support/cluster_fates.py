"""What happens to a worker while it has tasks: the moment is counted by tasks, not by a clock."""

import os
from typing import Any

import dask.config
from distributed import WorkerPlugin

from tests.support.cluster import Fate


class Fated(WorkerPlugin):
    """Sends the signal."""

    def __init__(self, fate: Fate) -> None:
        self.fate, self.met = fate, 0
        self.moment = ("ready", "executing") if fate.is_early else ("executing", "memory")

    def transition(self, key: Any, start: str, finish: str, **kwargs: Any) -> None:
        """See `WorkerPlugin`."""
        if (start, finish) == self.moment and str(key).startswith(f"{self.fate.function}-"):
            self.met += 1
            if self.met == self.fate.task:
                os.kill(os.getpid(), self.fate.signal)


async def dask_setup(worker: Any) -> None:
    """Have a worker of Dask meet its fate."""
    await worker.plugin_add(Fated(dask.config.get("fate")))
    print("Fated", flush=True)

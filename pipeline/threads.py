"""Work on several things beside each other."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_S = 0.1


def in_threads(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    at_once: int,
    done: Callable[[int], None] = lambda _: None,
) -> list[Result]:
    """The results for all items, some of which are worked on at once. done: told how many are, now and then.

    Raises the first error of the function; items that were not begun by then are left out.
    """
    if len(items) == 1:  # in this thread, which Ctrl-C reaches
        return [function(items[0])]
    threads = ThreadPoolExecutor(at_once)
    futures = [threads.submit(function, item) for item in items]
    try:
        # In steps: Polars installs its SIGINT handler with SA_RESTART, so a wait without an end would never notice it:
        # https://github.com/pola-rs/polars/issues/21739.
        while (state := wait(futures, LOOK_S, FIRST_EXCEPTION)).not_done:
            for future in state.done:
                future.result()
            done(len(state.done))
        return [future.result() for future in futures]
    finally:
        threads.shutdown(cancel_futures=True)

"""What the trees of errors promise, for the tests of both packages: a class a cause, drawn, with its facts."""

from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from store_uptime.pipeline import StoreUptimeError
from store_uptime.service.errors import Cause

EXAMPLES: dict[Any, Any] = {
    int: 1_200,
    float: 2.5,
    dict[str, int]: {"bad status": 1_200},
    list[str]: ["here", "there"],
    list[str] | None: ["here", "there"],
    Cause: Cause.DISK_FULL,
    Path | str: Path("folder/file"),
    Path | str | None: "folder/file",
}


def causes(errors: ModuleType) -> list[type[StoreUptimeError]]:
    """The classes of a package of errors."""
    found = (each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, StoreUptimeError))
    return sorted(
        (each for each in found if each.__module__.startswith(errors.__name__)), key=lambda each: each.__name__
    )


def example(cause: type[StoreUptimeError]) -> StoreUptimeError:
    """An error with its name for each fact that is text, and an example of what is not."""
    kinds = get_type_hints(cause)
    return cause(**{name: EXAMPLES.get(kinds[name], name) for name in cause.facts})


def drawn(errors: ModuleType) -> dict[str, tuple[str, list[str]]]:
    """The classes in the tree at the top of a package: the parent of each, and the words behind it."""
    tree: dict[str, tuple[str, list[str]]] = {}
    above = {0: "StoreUptimeError"}
    for line in (errors.__doc__ or "").splitlines():
        branch, found, text = line.partition("── ")
        if found:
            depth = len(branch)
            name, *words = text.split()
            tree[name] = (above[max(each for each in above if each < depth)], words)
            above = {each: parent for each, parent in above.items() if each < depth} | {depth: name}
    return tree


def missing_words(error: StoreUptimeError) -> list[str]:
    """The facts that are text and do not stand in its sentence."""
    return [fact for fact in error.args if isinstance(fact, str) and fact not in str(error)]

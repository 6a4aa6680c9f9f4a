"""What a bench's command line says: `--smoke`, and options with a value, such as `--minutes 10`."""

import sys
from collections.abc import Sequence
from typing import TypeVar

Scale = TypeVar("Scale")


def is_smoke() -> bool:
    """Whether small data will do, and nothing is judged."""
    return has("--smoke")


def scale(full: Scale, smoke: Scale) -> Scale:
    """How large the data are and how often something runs: as usual, or with `--smoke`."""
    return smoke if is_smoke() else full


def minutes(default: float) -> float:
    """How long clients call the service."""
    return float(value_of("--minutes") or default)


def has(option: str) -> bool:
    """Whether an option was given."""
    return option in sys.argv[1:]


def value_of(option: str) -> str | None:
    """What stands behind an option; None where it was not given. Ends where nothing stands there."""
    if not has(option):
        return None
    behind = sys.argv[sys.argv.index(option) + 1 :][:1]
    return behind[0] if behind else sys.exit(f"{option} needs a value")


def words(options_with_value: Sequence[str]) -> list[str]:
    """What is neither an option nor the value of one of these."""
    given = sys.argv[1:]
    return [
        word
        for before, word in zip(["", *given], given, strict=False)
        if not word.startswith("--") and before not in options_with_value
    ]

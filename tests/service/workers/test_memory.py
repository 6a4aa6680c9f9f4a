"""How much memory there is, by files as the kernel writes them, and what is refused where it is too little."""

import resource
from pathlib import Path

import pytest

from store_uptime.pipeline import machine
from store_uptime.service.observability import memory
from store_uptime.service.observability.memory import (
    INTERACTIVE_WORKERS,
    LEAST,
    MEBIBYTE,
    PROMISE,
    ProcessLimitTooLow,
    Shares,
    TooLittleMemory,
    memory_needed,
)

UNLIMITED_V1 = "9223372036854771712"
CASES: dict[str, tuple[dict[str, str], str, int | None]] = {
    "no groups at all": ({}, "", None),
    "version 2, a container that sees itself as the root": ({"memory.max": "512"}, "0::/", 512),
    "version 2, a service of systemd": (
        {"system.slice/up.service/memory.max": "300"},
        "0::/system.slice/up.service",
        300,
    ),
    "version 2, a limit of a parent": (
        {"system.slice/memory.max": "200", "system.slice/up.service/memory.max": "max"},
        "0::/system.slice/up.service",
        200,
    ),
    "version 2, throttled before it is full": ({"a/memory.max": "400", "a/memory.high": "350"}, "0::/a", 350),
    "version 2, a limit of another group": ({"b/memory.max": "1"}, "0::/a", None),
    "version 2, a path from outside of the container": ({"memory.max": "90"}, "0::/../../docker/abc", 90),
    "version 1, a container": ({"memory/memory.limit_in_bytes": "700"}, "5:memory:/docker/abc", 700),
    "version 1, a group and its parent": (
        {"memory/a/memory.limit_in_bytes": UNLIMITED_V1, "memory/a/b/memory.limit_in_bytes": "600"},
        "5:cpuset,memory:/a/b\n1:name=systemd:/x",
        600,
    ),
    "both versions": ({"memory/a/memory.limit_in_bytes": "80", "a/memory.max": "70"}, "4:memory:/a\n0::/a", 70),
}


@pytest.mark.parametrize(("files", "own", "expected"), CASES.values(), ids=CASES)
def test_the_memory_is_that_of_the_groups_of_the_process(
    files: dict[str, str], own: str, expected: int | None, tmp_path: Path
) -> None:
    for name, mebibytes in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        is_number = mebibytes.isdigit() and mebibytes != UNLIMITED_V1
        file.write_text(f"{int(mebibytes) * MEBIBYTE if is_number else mebibytes}\n")
    (tmp_path / "own").write_text(own)
    found = machine.memory(tmp_path / "groups", tmp_path / "own")
    assert found == (machine.memory(tmp_path, tmp_path / "none") if expected is None else expected * MEBIBYTE)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_least_that_works_is_just_enough(workers: int) -> None:
    shares = Shares(workers, memory_needed(workers) + MEBIBYTE)
    shares.check()
    assert LEAST <= shares.worker < LEAST + MEBIBYTE
    assert shares.worker * (workers + INTERACTIVE_WORKERS) + shares.server <= PROMISE * shares.there


def test_too_little_memory_is_refused_with_the_least_that_works() -> None:
    with pytest.raises(TooLittleMemory) as refused:
        Shares(4, 512 * MEBIBYTE).check()
    assert str(refused.value) == (
        "there are 512 MiB of memory for this service, and --workers 4 needs 960 MiB. "
        "The least that works is 480 MiB, with --workers 1."
    )


def test_a_limit_of_each_process_is_one_of_each_share(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_DATA: 700 * MEBIBYTE, resource.RLIMIT_AS: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", {kind: (limit, limit) for kind, limit in limits.items()}.get)
    assert Shares(1, 1 << 40, memory.process_memory()).worker == 188 * MEBIBYTE
    monkeypatch.setattr(resource, "getrlimit", dict.fromkeys(limits, (600 * MEBIBYTE, -1)).get)
    with pytest.raises(ProcessLimitTooLow, match="RLIMIT_DATA lets a process ask for 600 MiB"):
        Shares(1, 1 << 40).check()

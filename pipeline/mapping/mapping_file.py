"""The file of a mapping in, the mapping out: docs/semantics.md, "Mapping".

It may be a pipe, as of `--map <(store-uptime map feed)`.
"""

import os
import select
import stat
import tomllib
from pathlib import Path

from store_uptime.pipeline.errors import BadMapping
from store_uptime.pipeline.mapping.mapping import SourceMapping

MOST_BYTES = 1 << 20
WAIT_SECONDS = 60  # for the writer of a pipe
# tomllib takes time by the square of a key's parts: one of 40 KB would take ten seconds. Limited in Pythons since 2026:
# https://github.com/python/cpython/issues/149231.
MOST_DOTS = 100


def read_mapping(path: str | Path) -> SourceMapping:
    """The mapping in a TOML file. Raises BadMapping."""
    name = str(path)
    try:
        text = read_bytes(name).decode("utf-8-sig")
        check_dots(text, name)
        return SourceMapping.from_dict(tomllib.loads(text), name)
    except OSError as error:
        raise BadMapping(name, "it", f"cannot be read ({error.strerror or error})", "a TOML file") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadMapping(name, "it", f"is not UTF-8 (line {line})", "store-uptime map SOURCE writes one") from None
    except RecursionError:
        raise BadMapping(name, "it", "is nested too deeply", "store-uptime map SOURCE writes one") from None
    except ValueError as error:  # also of a path that cannot be one
        raise BadMapping(name, "it", f"is not TOML ({error})", "store-uptime map SOURCE writes one") from None


def check_dots(text: str, name: str) -> None:
    """Raises BadMapping where a line, if it is no comment, has too many dots."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            raise BadMapping(name, "it", f"has more than {MOST_DOTS} dots in line {number}", "keys of two parts")


def read_bytes(path: str) -> bytes:
    """The bytes of a file or pipe. Raises OSError, BadMapping."""
    # O_NONBLOCK: to open a pipe without a writer would wait here for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            await_writer(file.fileno(), path)
        os.set_blocking(file.fileno(), True)
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise BadMapping(path, "it", "is larger than 1 MiB", "a TOML file of a few lines")
    return found


def await_writer(pipe: int, path: str) -> None:
    """Wait until somebody writes to a pipe. Raises BadMapping."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    if not poll.poll(1_000 * WAIT_SECONDS):
        raise BadMapping(path, "it", f"is a pipe to which nobody has written for {WAIT_SECONDS} s", "a TOML file")

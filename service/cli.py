"""The command `store-uptime`: which commands there are, and how anything that goes wrong is told.

Each command is a module of `service/commands/`, imported when it is the one that was asked for. They name `pipeline`'s
functions only where they call them, because that is when its modules are imported: a typing mistake costs nothing.
"""

import os
import sys
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter
from cyclopts.config import Env

COMMANDS = (
    "report",
    "timeline",
    "load",
    "map",
    "sample",
    "serve",
    "schedule",
    "fetch",
    "keys",
    "encryption",
    "audit",
    "demo",
)
DONE, FAILED, WRONG_ARGUMENTS, INTERRUPTED = 0, 1, 2, 130


def version() -> str:
    """The installed version."""
    from importlib.metadata import version

    return version("store-uptime")


app = App(
    name="store-uptime",
    help="How long each store was really online: uptime and downtime from polls, business hours and time zones.",
    version=version,
    config=Env("STORE_UPTIME_", command=False),
    help_format="markdown",
    exit_on_error=False,
    print_error=False,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
app.meta.suppress_keyboard_interrupt = False  # `main` ends at once, where Cyclopts would wait for other threads
for command in COMMANDS:
    app.command(f"service.commands.{command}:{command}", name=command)


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    debug: Annotated[bool, Parameter(negative="", help="Show the trace of an error.")] = False,
) -> int:
    """Run a command and turn what it raises into one line and an exit status."""
    try:
        return app(tokens) or DONE
    except CycloptsError:
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` has read enough
        return DONE
    except Exception as error:
        if debug:
            raise
        tell(error)
        return FAILED


def tell(error: Exception) -> None:
    """One line on stderr."""
    from pipeline import StoreUptimeError

    if isinstance(error, StoreUptimeError):
        print(f"store-uptime: {error}", file=sys.stderr)
    else:
        sentence = " ".join(str(error).split())
        print(f"store-uptime: unexpected {type(error).__name__}: {sentence} (--debug shows more)", file=sys.stderr)


def main() -> None:
    """The console script.

    It ends without taking the interpreter apart: a native pull in another thread could not be told to stop after
    Ctrl-C, and giving back every frame one by one costs a tenth of a report's time.
    """
    status = exit_status()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def exit_status() -> int:
    """What became of the command that was asked for."""
    if sys.argv[1:2] in ([], ["--help"], ["-h"]):
        app.resolved_commands()  # imports them all: only so they have something to say of themselves
    try:
        return app.meta() or DONE
    except CycloptsError as error:
        print(f"store-uptime: {error} See store-uptime --help.", file=sys.stderr)
        return WRONG_ARGUMENTS
    except KeyboardInterrupt:
        print("store-uptime: interrupted", file=sys.stderr)
        return INTERRUPTED

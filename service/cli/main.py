"""The command `store-uptime`: which commands there are, and how anything that goes wrong is told.

Each command is a module of `service/commands/`, imported when it is the one that was asked for. They name `pipeline`'s
functions only where they call them, because that is when its modules are imported: a typing mistake costs nothing.
"""

import os
import re
import sys
from contextlib import nullcontext
from typing import Annotated

from cyclopts import (
    App,
    Argument,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    UnusedCliTokensError,
    ValidationError,
)
from cyclopts.config import Env

from store_uptime.service.cli.native_output import native_output_hidden
from store_uptime.service.cli.streams import CannotPrint, prepare_streams
from store_uptime.service.parameters import FLAG, GENERAL

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
READING = ("report", "timeline", "load", "map", "fetch")
"""Commands that read with native libraries in this process; others start processes, which need stderr."""
DONE, FAILED, WRONG_ARGUMENTS, INTERRUPTED = 0, 1, 2, 130


def version() -> str:
    """The installed version."""
    from importlib.metadata import version

    return version("store-uptime")


app = App(
    name="store-uptime",
    help="How long each store was really online: uptime and downtime from polls, business hours and time zones.",
    version=version,
    config=Env("STORE_UPTIME_", command=False, show=False),
    help_format="plaintext",  # keeps the lines of examples as they are
    exit_on_error=False,
    print_error=False,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
app.meta.suppress_keyboard_interrupt = False  # `main` ends at once, where Cyclopts would wait for other threads
for order, command in enumerate(COMMANDS):
    app.command(f"store_uptime.service.cli.{command}:{command}", name=command, sort_key=order)


@app.meta.default
def launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    debug: Annotated[bool, FLAG, Parameter(group=GENERAL, help="Show the trace of an error.")] = False,
) -> int:
    """Run a command and turn what it raises into one line and an exit status."""
    try:
        status = app(tokens) or DONE
        sys.stdout.flush()
        return status
    except CycloptsError:
        raise
    except BrokenPipeError:
        return read_enough()
    except Exception as error:
        if debug:
            raise
        tell(error)
        return FAILED


def read_enough() -> int:
    """What was to be read is written nowhere from now on: `| head` has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def tell(error: Exception) -> None:
    """One line on stderr."""
    from store_uptime.pipeline import StoreUptimeError

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
    prepare_streams()
    reads = set(sys.argv[1:2]) & set(READING) and "--debug" not in sys.argv
    with native_output_hidden() if reads else nullcontext():
        status = exit_status()
    sys.stderr.flush()
    os._exit(status)


def exit_status() -> int:
    """What became of the command that was asked for."""
    if sys.argv[1:2] in ([], ["--help"], ["-h"]):
        app.resolved_commands()  # imports them all: only so they have something to say of themselves
    try:
        status = app.meta() or DONE
        sys.stdout.flush()  # of help
        return status
    except CycloptsError as error:
        print(f"store-uptime: {wrong_arguments(error)}", file=sys.stderr)
        return WRONG_ARGUMENTS
    except KeyboardInterrupt:
        print("store-uptime: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return read_enough()
    except CannotPrint as error:
        tell(error)
        return FAILED


def wrong_arguments(error: CycloptsError) -> str:
    """What is wrong with the arguments, and where to read which ones there are."""
    sentence, command = complaint(error), " ".join(("store-uptime", *(error.command_chain or ())))
    return f"{sentence}{'' if sentence.endswith(('.', '?', '…')) else '.'} See {command} --help."


def complaint(error: CycloptsError) -> str:
    """What is wrong with the arguments, in our words for what is met the most often."""
    match error:
        case UnusedCliTokensError(unused_tokens=words):
            surplus = " ".join(map(without_secret, words or ()))
            return f"{surplus!r} is too much: all that the command takes has a value already"
        case MissingArgumentError(keyword=str(option)):
            return f"{option} needs a value"
        case MissingArgumentError(argument=Argument(tokens=[]) as missing):
            name = missing.name if missing.index is None else missing.name.removeprefix("--").upper()
            return f"{' '.join(error.command_chain or ())} needs {name}"
        case ValidationError(argument=Argument() as wrong, exception_message=reason):
            return f"{wrong.name} {' '.join(token.value for token in wrong.tokens)}: {reason}"
        case _:
            return str(error).replace("...", "…")


def without_secret(word: str) -> str:
    """A word as it may be shown: an address of a database may have a password in it."""
    return re.sub("(://|=).*", r"\1…", word, flags=re.DOTALL)

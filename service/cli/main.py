"""The command `store-uptime`: which commands there are, and how an error becomes a line and an exit status.

Each command is a module of this folder and is imported when it is the one to run. Commands write `pipeline.load_files`
rather than import the name: its modules are imported at the call, so that a typing mistake is answered at once.
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
from store_uptime.service.cli.terminal import ExitStatus
from store_uptime.service.parameters import FLAG, GENERAL
from store_uptime.service.signals import status_of

COMMANDS = (
    "report",
    "timeline",
    "outages",
    "load",
    "map",
    "sample",
    "serve",
    "worker",
    "schedule",
    "fetch",
    "keys",
    "encryption",
    "audit",
    "demo",
)
READING_COMMANDS = ("report", "timeline", "outages", "load", "map", "fetch")
"""Commands that read with native libraries in this process; others start processes, which need stderr."""
SECRET = re.compile("(://|=).*", re.DOTALL)  # what follows may be the password of a database


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
# `exit_status` ends at once on Ctrl-C; Cyclopts would call `sys.exit`, which waits for other threads.
app.meta.suppress_keyboard_interrupt = False
for order, command in enumerate(COMMANDS):
    app.command(f"store_uptime.service.cli.{command}:{command}", name=command, sort_key=order)


@app.meta.default
def run_command(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    debug: Annotated[bool, FLAG, Parameter(group=GENERAL, help="Show the trace of an error.")] = False,
) -> int:
    """Run a command and turn what it raises into one line and an exit status."""
    try:
        status = app(tokens) or ExitStatus.DONE
        sys.stdout.flush()
        return status
    except CycloptsError as error:
        if not error.command_chain:  # a command has raised it, of options that do not go together
            error.command_chain, _, _ = app.parse_commands(tokens)
        raise
    except BrokenPipeError:
        return reader_gone()
    except CannotPrint:
        raise  # `exit_status` prints it, and does not flush stdout again, which would fail once more
    except Exception as error:
        if debug:
            raise
        print_error(error)
        return ExitStatus.FAILED


def reader_gone() -> int:
    """End well where nobody reads stdout any more, as after `| head`."""
    # Python flushes stdout once more at the end, and would report the broken pipe then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitStatus.DONE


def print_error(error: Exception) -> None:
    """Print an error as one line on stderr."""
    from store_uptime.pipeline import StoreUptimeError

    if isinstance(error, StoreUptimeError):
        print(f"store-uptime: {error}", file=sys.stderr)
    else:
        sentence = " ".join(str(error).split())
        print(f"store-uptime: unexpected {type(error).__name__}: {sentence} (--debug shows more)", file=sys.stderr)


def main() -> None:
    """Run the command that `sys.argv` names, and end the process with its status."""
    prepare_streams()
    # With --debug the traces of native libraries are shown.
    reads = set(sys.argv[1:2]) & set(READING_COMMANDS) and "--debug" not in sys.argv
    with native_output_hidden() if reads else nullcontext():
        status = exit_status()
    sys.stderr.flush()
    # Not `sys.exit`: it waits for a native pull in another thread, which cannot be stopped after Ctrl-C, and freeing
    # the frames one by one takes a tenth of a report's time.
    os._exit(status)


def drop_empty_settings() -> None:
    """Take variables of ours that hold nothing out of the environment: an empty one counts as one that is not set."""
    # Otherwise each would be a value of its option: an id of no store, a file without a name, a number that is none.
    for name in [name for name, value in os.environ.items() if name.startswith("STORE_UPTIME_") and not value]:
        del os.environ[name]


def exit_status() -> int:
    """Run the command that `sys.argv` names. Raises no error: each becomes a line on stderr and a status."""
    drop_empty_settings()
    if sys.argv[1:2] in ([], ["--help"], ["-h"]):
        app.resolved_commands()  # the list of commands shows the first line of each, for which all are imported
    try:
        status = app.meta() or ExitStatus.DONE
        sys.stdout.flush()  # help is written by Cyclopts, and `| head` may be gone by now
        return status
    except CycloptsError as error:
        print(f"store-uptime: {wrong_arguments(error)}", file=sys.stderr)
        return ExitStatus.WRONG_ARGUMENTS
    except KeyboardInterrupt as error:
        print("store-uptime: interrupted", file=sys.stderr)
        return status_of(error)
    except BrokenPipeError:
        return reader_gone()
    except CannotPrint as error:
        print_error(error)
        return ExitStatus.FAILED


def wrong_arguments(error: CycloptsError) -> str:
    sentence, command = argument_problem(error), " ".join(("store-uptime", *(error.command_chain or ())))
    return f"{sentence}{'' if sentence.endswith(('.', '?', '…')) else '.'} See {command} --help."


def argument_problem(error: CycloptsError) -> str:
    # Cyclopts repeats unused words as they were typed, and one may be an address with a password.
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
    return SECRET.sub(r"\1…", word)

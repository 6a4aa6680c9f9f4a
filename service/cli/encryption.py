"""`store-uptime encryption`: the keys of what is kept and delivered."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from store_uptime import pipeline
from store_uptime.pipeline import counted
from store_uptime.service import parameters
from store_uptime.service.cli.output import write_private_output
from store_uptime.service.cli.registry import COMMAND_LINE, DEFAULT_LOCATION, RegistryLocation, registry_session
from store_uptime.service.cli.terminal import echo, progress_spinner
from store_uptime.service.errors import CannotMakeKey, CannotRead, NothingToEncryptTo, ReportEncrypted
from store_uptime.service.parameters import INPUT, Identities
from store_uptime.service.registry.audit import record_audit
from store_uptime.service.registry.deliveries import outgoing_file, outgoing_file_ids, replace_outgoing_file
from store_uptime.service.registry.reports import (
    StoredReport,
    replace_stored_report,
    stored_report,
    stored_report_ids,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_uptime.service.cli.registry import Execute
    from store_uptime.service.encryption import Encryption

encryption = cyclopts.App(name="encryption", help="Keys that encrypt what is kept and delivered (age).")


@encryption.command
def key(path: Annotated[Path, Parameter(group=INPUT, help="A new file for the secret part.")], /) -> int:
    """Make a key, whose secret part goes into a file.

    The file is for --identity; the line that is printed is for --encrypt-to.

        store-uptime encryption key key.txt
    """
    from store_uptime.service.encryption import new_identity

    secret, recipient = new_identity()
    try:
        pipeline.write_new_file(f"# public key: {recipient}\n{secret}\n".encode(), path, 0o600)
    except OSError as error:
        raise CannotMakeKey(path, error.strerror or str(error)) from None
    echo(f"the secret part is in {path}: keep a copy in another place, for nothing opens what it has locked but it")
    print(recipient)
    return 0


@encryption.command
def decrypt(
    path: Annotated[Path, Parameter(group=INPUT, help="A file that was delivered.")],
    /,
    *,
    identity: Identities,
    out: parameters.Out = parameters.STDOUT,
) -> int:
    """Decrypt a file that was delivered, to stdout or a file.

    For example:

        store-uptime encryption decrypt morning.csv.age --identity key.txt
    """
    from store_uptime.service.encryption import MAGIC, load_encryption

    try:
        with path.open("rb") as file:
            # A file that is not encrypted is not read whole: it may be a large one, named by mistake.
            content = file.read(len(MAGIC))
            content += file.read() if content == MAGIC else b""
    except OSError as error:
        raise CannotRead(path, error.strerror or str(error)) from None
    if not content.startswith(MAGIC):
        raise CannotRead(path, "it is not encrypted, or not as it was delivered")
    write_private_output(load_encryption((), identity).decrypt(content), out)
    return 0


@encryption.command
def rekey(
    *, encrypt_to: parameters.Recipients, identity: Identities = (), location: RegistryLocation = DEFAULT_LOCATION
) -> int:
    """Encrypt all that is kept to other keys, report by report.

    Do so after a rotation of keys, or where there was no key before.

        store-uptime encryption rekey --identity old.txt --encrypt-to age1…
    """
    from store_uptime.service.encryption import load_encryption

    keys = load_encryption(encrypt_to, identity)
    if not keys.recipients:
        raise NothingToEncryptTo
    with registry_session(location) as execute, progress_spinner() as progress:
        pieces = [
            *(partial(rekey_report, execute, keys, row.id) for row in execute(stored_report_ids())),
            *(partial(rekey_file, execute, keys, row.id) for row in execute(outgoing_file_ids())),
        ]
        done = 0
        for number, piece in enumerate(pieces, start=1):
            progress(f"{number:,} of {len(pieces):,} reports and files")
            done += is_done(piece)
        execute(record_audit(COMMAND_LINE, "encrypted again", "all", f"{done} done"))
    echo(f"{done:,} reports and files on their way are encrypted to {counted(len(keys.recipients), 'key')} now")
    left = len(pieces) - done
    if left:
        echo(f"{left:,} could not be opened, and are as they were: --identity names the key of each")
    return 1 if left else 0


def is_done(piece: "Callable[[], None]") -> bool:
    try:
        piece()
    except ReportEncrypted:  # no identity opens it: it stays as it is
        return False
    return True


def rekey_report(execute: "Execute", keys: "Encryption", report_id: str) -> None:
    for stored in execute(stored_report(report_id)):  # none where it was removed meanwhile
        again = {name: content and keys.encrypt(keys.decrypt(content)) for name, content in vars(stored).items()}
        execute(replace_stored_report(report_id, StoredReport(**again)))


def rekey_file(execute: "Execute", keys: "Encryption", delivery_id: int) -> None:
    for stored in execute(outgoing_file(delivery_id)):  # none where it has gone out meanwhile
        execute(replace_outgoing_file(delivery_id, keys.encrypt(keys.decrypt(stored.content))))

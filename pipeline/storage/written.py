"""Pieces of bytes in, an object out, whole or not at all, and over nothing that was not looked at.

put          writes an object
delete       removes one
PutRefused   it is no longer as it was
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from store_uptime.pipeline.storage.addresses import ObjectAddress, StoredObject
from store_uptime.pipeline.storage.stores import storage_errors, store_of

if TYPE_CHECKING:
    from obstore import PutMode

WRITE_S = 600
"""How long a request may take that carries a whole report."""


class PutRefused(Exception):
    """Somebody has written the object since it was looked at."""


def put(address: ObjectAddress, pieces: Sequence[bytes], replaced: StoredObject | None) -> None:
    """Write an object of these pieces, one behind the other.

    replaced: the one that it takes the place of; None: there must be none. Raises PutRefused, and what
    `storage_errors` raises.
    """
    store = store_of(address, WRITE_S)
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    with storage_errors(address):
        try:
            # Not in parts: only a single request can be made on the condition that nobody has been there.
            store.put(address.key, pieces, mode=put_mode(replaced), use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            raise PutRefused from None


def delete(address: ObjectAddress) -> None:
    """Remove an object, if it is there. Raises what `storage_errors` raises."""
    with storage_errors(address):
        store_of(address).delete(address.key)


def put_mode(replaced: StoredObject | None) -> "PutMode":
    if replaced is None:
        return "create"
    if replaced.etag is None:  # such a store cannot compare
        return "overwrite"
    return (
        {"e_tag": replaced.etag} if replaced.version is None else {"e_tag": replaced.etag, "version": replaced.version}
    )

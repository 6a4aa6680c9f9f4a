"""A text in, what it names out: objects in a bucket, or by `file://` a local path. Nothing is asked of a network.

is_stored    whether a text is the address of objects
object_at    the object, or the prefix, that it names
files_at     the same, or else a path
is_path      whether there is a folder or a file of this name
local_path   the path of a `file://` address
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from store_uptime.pipeline.errors import AddressNotUnderstood

SCHEMES = ("s3", "gs", "az")
STORED = tuple(f"{scheme}://" for scheme in SCHEMES)
FILE = "file://"
BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._$-]*")
SECRET = re.compile(r"[?&](?:sig|signature|x-amz-[a-z-]+|x-goog-[a-z-]+|awsaccesskeyid)=", re.IGNORECASE)
ENVIRONMENT = "Credentials come from the environment, as for the cloud's own tools."


@dataclass(frozen=True)
class ObjectAddress:
    """An object, or a prefix of objects. bucket: `s3://BUCKET`; key: as it is, not encoded; empty: all of the bucket.

    It holds no secret: credentials belong to the process that opens it.
    """

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}" if self.key else self.bucket

    @property
    def scheme(self) -> str:
        """The scheme, which tells the cloud."""
        return self.bucket.partition("://")[0]

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]

    def below(self, name: str) -> "ObjectAddress":
        """The object of a name below this prefix."""
        return ObjectAddress(self.bucket, f"{self.key}/{name}" if self.key else name)


@dataclass(frozen=True)
class StoredObject:
    """An object as it was listed. etag: of its content; None: its store has none. version: as the store counts them."""

    address: ObjectAddress
    size: int
    etag: str | None
    version: str | None = field(default=None, compare=False)  # some stores tell it only of an object that is asked for

    def __str__(self) -> str:
        return str(self.address)


def is_stored(text: str) -> bool:
    """Whether a text is the address of objects in a bucket."""
    return text.startswith(STORED)


def object_at(text: str) -> ObjectAddress:
    """What an address such as `s3://bucket/prefix` names. Raises AddressNotUnderstood, which shows no secret."""
    scheme, _, rest = text.partition("://")
    bucket, _, key = rest.partition("/")
    if not BUCKET.fullmatch(bucket):
        found = "a bucket has no such name" if bucket else "it names no bucket"
        raise AddressNotUnderstood(f"{scheme}://…", found, f"Write {scheme}://BUCKET/PREFIX. {ENVIRONMENT}")
    if SECRET.search(key):
        raise AddressNotUnderstood(f"{scheme}://{bucket}/…", "it holds a signature", f"Leave it out. {ENVIRONMENT}")
    key = key.strip("/")
    if any(part in ("", ".", "..") for part in key.split("/")[:-1]) or key in (".", ".."):
        raise AddressNotUnderstood(text, "a part of the key is empty, or is . or ..", "Copy the key as it is listed.")
    return ObjectAddress(f"{scheme}://{bucket}", key)


def is_file_url(text: str) -> bool:
    """Whether a text names a local path by `file://`."""
    return text.startswith(FILE)


def files_at(given: "str | Path | ObjectAddress") -> Path | ObjectAddress:
    """Where the files are that a text or a path names. Raises AddressNotUnderstood.

    What is there is a path, however it is called: a folder may have the name `s3:`.
    """
    if not isinstance(given, str):
        return given
    if is_path(given):
        return Path(given)
    if is_stored(given):
        return object_at(given)
    return local_path(given) if is_file_url(given) else Path(given)


def is_path(text: str) -> bool:
    """Whether a folder or a file has this name."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def local_path(text: str) -> Path:
    """The path that a `file://` address names. Raises AddressNotUnderstood."""
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or parts.query or parts.fragment:
        remedy = "Write file:///PATH, with %3F for ? and %23 for #, or the path alone."
        raise AddressNotUnderstood(text, "it is no path of this machine", remedy)
    return Path(unquote(parts.path))

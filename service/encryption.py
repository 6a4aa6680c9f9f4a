"""Encryption at rest, by age (age-encryption.org/v1): stored reports can be read with an identity only.

A server needs only recipients to store reports; to show them it needs an identity too. Encrypted content is known by
its first bytes: so reports from before there was a key stay readable, and keys can be rotated.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from store_uptime.pipeline import provided_by
from store_uptime.service.errors import EncryptedReportDamaged, NoKey, ReportEncrypted, ReportEncryptedToOthers
from store_uptime.service.extras import ENCRYPTION

if TYPE_CHECKING:
    from pyrage import ssh, x25519

    Recipient = x25519.Recipient | ssh.Recipient
    Identity = x25519.Identity | ssh.Identity

MAGIC = b"age-encryption.org/v1\n"
HEADER = re.compile(
    re.escape(MAGIC)
    + rb"(?:-> [!-~ ]+\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+--- [A-Za-z0-9+/]{43}\n"
    + rb"(?=.{32})",
    re.DOTALL,
)
"""A whole header, for one key or several, and what follows at least: c2sp.org/age."""
SUFFIX = ".age"
LARGEST = 1 << 20  # letters of a file of keys: one that is named by mistake may be of any size


@dataclass(frozen=True)
class Encryption:
    """The keys of a server, a worker, or a command.

    recipients: age1… or ssh-…, to each of whom is encrypted; without any nothing is. identities: those that decrypt, as
    text. Built from what `read_recipients` and `read_identities` have read.
    """

    recipients: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    def encrypt(self, content: bytes) -> bytes:
        """The content, encrypted where there are recipients."""
        if not self.recipients:
            return content
        with provided_by(ENCRYPTION):
            import pyrage

        return pyrage.encrypt(content, [parse_recipient(text) for text in self.recipients])

    def decrypt(self, content: bytes) -> bytes:
        """The content, decrypted where it is encrypted. Raises ReportEncrypted where no identity opens it."""
        if not content.startswith(MAGIC):  # from before there was a key
            return content
        if not self.identities:  # needs no pyrage: a plain installation may read reports that another one has encrypted
            raise ReportEncrypted
        with provided_by(ENCRYPTION):
            import pyrage

        try:
            return pyrage.decrypt(content, [parse_identity(text) for text in self.identities])
        except pyrage.DecryptError:
            raise self._why_closed(content) from None

    def _why_closed(self, content: bytes) -> ReportEncrypted:
        import pyrage

        if HEADER.match(content) is None:
            return EncryptedReportDamaged()
        # pyrage.decrypt has one class for every failure, and words that may change. decrypt_io has another one for what
        # comes after a header that a key has opened. github.com/woodruffw/pyrage, src/lib.rs
        try:
            pyrage.decrypt_io(BytesIO(content), BytesIO(), [parse_identity(text) for text in self.identities])
        except OSError:
            return EncryptedReportDamaged()
        except pyrage.DecryptError:
            return ReportEncryptedToOthers()
        return EncryptedReportDamaged()

    def encrypted_name(self, name: str) -> str:
        """The name of a file, with the ending .age where it is encrypted."""
        return f"{name}{SUFFIX}" if self.recipients else name


def load_encryption(encrypt_to: Sequence[str], identity_files: Sequence[Path]) -> Encryption:
    """The keys that are named: recipients or files of them, and files of identities. Raises NoKey."""
    recipients = tuple(text for given in encrypt_to for text in read_recipients(given))
    identities = tuple(text for path in identity_files for text in read_identities(path))
    return Encryption(recipients, identities)


def read_recipients(given: str) -> list[str]:
    """A recipient, or those in a file: one per line, with `#` before comments. Raises NoKey."""
    if given.startswith(("age1", "ssh-")):
        lines = [given]
    elif not given:
        raise NoKey("an empty text is no recipient", "it begins with age1 or ssh-, or is a file of such lines")
    else:
        lines = [line for line in read_key_file(Path(given)).splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise NoKey(f"the file {given} holds no recipient", "each is a line that begins with age1 or ssh-")
    for line in lines:
        parse_recipient(line)
    return lines


def read_identities(path: Path) -> list[str]:
    """The identities in a file: of age one a line, of OpenSSH the whole file. Raises NoKey."""
    text = read_key_file(path)
    found = [text] if text.startswith("-----BEGIN") else [line for line in text.splitlines() if line.startswith("AGE-")]
    if not found:
        raise NoKey(f"the file {path} holds no identity", "it is a line that begins with AGE-SECRET-KEY-1")
    for each in found:
        parse_identity(each)
    return found


def read_key_file(path: Path) -> str:
    """The text of a file of keys. Raises NoKey."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise NoKey(
            f"the file of keys {path} cannot be read", getattr(error, "strerror", None) or "it is no text"
        ) from None
    if len(text) > LARGEST:
        raise NoKey(f"the file of keys {path} cannot be read", "it is larger than 1 MiB")
    return text


def parse_recipient(text: str) -> "Recipient":
    """A recipient of age or of OpenSSH. Raises NoKey."""
    if text.startswith("AGE-SECRET-KEY-"):
        raise NoKey("that is the secret part of a key", "--encrypt-to takes the other one, which begins with age1")
    with provided_by(ENCRYPTION):
        from pyrage import RecipientError, ssh, x25519

    kind = ssh if text.startswith("ssh-") else x25519
    try:
        return kind.Recipient.from_str(text.strip())
    except RecipientError as error:
        raise NoKey(f"{text[:20]}… is no recipient (age1…, ssh-ed25519, ssh-rsa)", str(error)) from None


def parse_identity(text: str) -> "Identity":
    """An identity of age or of OpenSSH. Raises NoKey."""
    with provided_by(ENCRYPTION):
        from pyrage import IdentityError, ssh, x25519

    try:
        if text.startswith("-----BEGIN"):
            return ssh.Identity.from_buffer(text.encode())
        return x25519.Identity.from_str(text.strip())
    except IdentityError as error:
        raise NoKey("an identity cannot be used", str(error)) from None


def new_identity() -> tuple[str, str]:
    """A new identity, and the recipient that belongs to it."""
    with provided_by(ENCRYPTION):
        from pyrage import x25519

    made = x25519.Identity.generate()
    return str(made), str(made.to_public())

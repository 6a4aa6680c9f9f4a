"""Whoever a request comes from: what they read is decrypted for them, and noted."""

from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from store_uptime.service.backend.backend import Backend
from store_uptime.service.registry.audit import Actor, record_audit
from store_uptime.service.registry.grants import Grant
from store_uptime.service.registry.report_lookup import find_stored
from store_uptime.service.registry.rows import StoredContent
from store_uptime.service.registry.statements import Statement

DIGITS = 16  # of a digest in the audit: enough to distinguish stores
Content = TypeVar("Content", bound=StoredContent)


@dataclass(frozen=True)
class Caller:
    """grant: what they may do, and the name of their key; address: where the request comes from."""

    backend: Backend
    grant: Grant
    address: str

    @property
    def who(self) -> str | None:
        """The name of the caller's key; None where no key is needed."""
        return self.grant.name

    @property
    def by(self) -> Actor:
        """The caller, as the audit records it."""
        return Actor(self.who, self.address)

    async def content(self, statement: Statement[Content], report_id: str, store_id: str = "") -> Content:
        """What is stored of a complete report, decrypted; store_id: which store, where it is about one alone.

        Raises ReportRemoved, ReportEncrypted.
        """
        row = await find_stored(self.backend.registry, statement)
        decrypted = await self.backend.decrypt(self._decrypted, row)
        await self.note("read", report_id, f"{row.audit_word} {self.store_noted(store_id)}".strip())
        return decrypted

    def store_noted(self, store_id: str) -> str:
        """A store as the audit names it: where reports are encrypted by a digest, since the audit is not."""
        if not store_id or not self.backend.settings.encryption.recipients:
            return store_id
        return f"sha256:{sha256(store_id.encode()).hexdigest()[:DIGITS]}"

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record an action of the caller in the audit."""
        await self.backend.registry.rows(record_audit(self.by, action, subject, detail))

    def _decrypted(self, row: Content) -> Content:
        keys = self.backend.settings.encryption
        return type(row)(**{name: content and keys.decrypt(content) for name, content in vars(row).items()})

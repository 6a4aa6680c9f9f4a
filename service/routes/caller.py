"""Whoever a request comes from: what they read is decrypted for them, and noted."""

from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from store_uptime.service.backend.backend import Backend
from store_uptime.service.registry.audit import Actor, record_audit
from store_uptime.service.registry.grants import Grant
from store_uptime.service.registry.report_lookup import find_stored
from store_uptime.service.registry.reports import StoredExplanation, stored_explanation
from store_uptime.service.registry.rows import StoredContent
from store_uptime.service.registry.statements import Statement
from store_uptime.service.workers.explained import Explain, explain_kept, explain_sent

DIGITS = 16  # of a digest in the audit: enough to distinguish stores
Content = TypeVar("Content", bound=StoredContent)
Result = TypeVar("Result")


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
        content = await self.unnoted_content(statement)
        await self._note_read(type(content), report_id, store_id)
        return content

    async def unnoted_content(self, statement: Statement[Content]) -> Content:
        """The same for the server itself: none of it is answered with, and the audit does not hold it."""
        row = await find_stored(self.backend.registry, statement)
        return await self.backend.decrypt(self._decrypted, row)

    async def explained(self, explain: Explain[Result], report_id: str, store_id: str) -> Result:
        """What a function makes of a store of a complete report, in a worker that reads the source.

        Raises ReportRemoved, ReportEncrypted, and what `Workers.run_on_source` raises.
        """
        workers, source, limits = self.backend.workers, self.backend.source_config, self.backend.limits
        found = await workers.run_on_source(explain_kept, source, store_id, limits, explain, report_id)
        if found is None:
            stored = await self.content(stored_explanation(report_id), report_id, store_id)
            return await workers.run_on_source(explain_sent, source, store_id, limits, explain, report_id, stored)
        await self._note_read(StoredExplanation, report_id, store_id)
        return found

    def store_noted(self, store_id: str) -> str:
        """A store as the audit names it: where reports are encrypted by a digest, since the audit is not."""
        if not store_id or not self.backend.settings.encryption.recipients:
            return store_id
        return f"sha256:{sha256(store_id.encode()).hexdigest()[:DIGITS]}"

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record an action of the caller in the audit."""
        await self.backend.registry.rows(record_audit(self.by, action, subject, detail))

    async def _note_read(self, content: type[StoredContent], report_id: str, store_id: str) -> None:
        await self.note("read", report_id, f"{content.audit_word} {self.store_noted(store_id)}".strip())

    def _decrypted(self, row: Content) -> Content:
        keys = self.backend.settings.encryption
        return type(row)(**{name: content and keys.decrypt(content) for name, content in vars(row).items()})

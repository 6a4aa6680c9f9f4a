"""Whoever a request comes from: what they read is decrypted for them, and noted."""

from dataclasses import dataclass
from hashlib import sha256

from store_uptime.service.backend.backend import Backend
from store_uptime.service.registry import reports
from store_uptime.service.registry.grants import Grant
from store_uptime.service.registry.registry import Row

DIGITS = 16  # of a digest in the audit: enough to tell stores apart


@dataclass(frozen=True)
class Caller:
    """grant: what they may do, and the name of their key; address: where the request comes from."""

    backend: Backend
    grant: Grant
    address: str

    @property
    def who(self) -> str | None:
        """The name of their key, if one was asked for."""
        return self.grant.name

    @property
    def by(self) -> dict[str, str | None]:
        """Who the audit says it was."""
        return {"who": self.who, "client": self.address}

    async def content(self, statement: str, report_id: str, store_id: str = "") -> Row:
        """What is stored of a complete report, for them to read; store_id: which store, where it is about one alone.

        Raises ReportRemoved, ReportEncrypted.
        """
        row = await reports.content(self.backend.registry, statement, report_id)
        opened = await self.backend.decrypted(self._opened, row)
        await self.note("read", report_id, f"{statement} {self.store_noted(store_id)}".strip())
        return opened

    def store_noted(self, store_id: str) -> str:
        """A store as the audit names it: where reports are encrypted by a digest, since the audit is not."""
        if not store_id or not self.backend.settings.vault.recipients:
            return store_id
        return f"sha256:{sha256(store_id.encode()).hexdigest()[:DIGITS]}"

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Have the audit say what they have done, to what."""
        await self.backend.registry.rows("note", **self.by, action=action, subject=subject, detail=detail)

    def _opened(self, row: Row) -> Row:
        return {name: content and self.backend.settings.vault.opened(content) for name, content in row.items()}

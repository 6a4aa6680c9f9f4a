"""Whoever a request comes from: what they read is decrypted for them, and noted."""

from dataclasses import dataclass

from service import reports
from service.backend import Backend
from service.registry import Row


@dataclass(frozen=True)
class Caller:
    """who: the name of their key, if one was asked for; address: where the request comes from."""

    backend: Backend
    who: str | None
    address: str

    @property
    def by(self) -> dict[str, str | None]:
        """Who the audit says it was."""
        return {"who": self.who, "client": self.address}

    async def content(self, statement: str, report_id: str) -> Row:
        """What is stored of a complete report, for them to read. Raises RemovedReport, Sealed."""
        row = await reports.content(self.backend.registry, statement, report_id)
        opened = await self.backend.decrypted(self._opened, row)
        done = {"action": "read", "subject": report_id, "detail": statement}
        await self.backend.registry.rows("note", **self.by, **done)
        return opened

    def _opened(self, row: Row) -> Row:
        return {name: content and self.backend.settings.vault.opened(content) for name, content in row.items()}

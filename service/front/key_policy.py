"""Whether a caller needs a key."""

import time

from store_uptime.service.errors import RegistryUnreachable
from store_uptime.service.registry.keys import keys_exist
from store_uptime.service.registry.registry import Registry
from store_uptime.service.settings import Settings

NO_KEYS_S = 1  # how long "there is no key" is believed


class KeyPolicy:
    """Keys are needed where other machines can call, and else from the first key on."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._registry, self._is_local = registry, settings.is_local
        self._has_keys: bool | None = None
        self._no_keys_until = 0.0

    async def needs_key(self) -> bool:
        """Whether a request without a key is refused. Raises RegistryUnreachable where that was never known."""
        if self._has_keys or not self._is_local:
            return True
        # The first key is noticed within a second: a statement for each request would cost as much as the request.
        if time.monotonic() > self._no_keys_until:
            self._has_keys = await self._keys_exist()
            self._no_keys_until = time.monotonic() + NO_KEYS_S
        return bool(self._has_keys)

    async def _keys_exist(self) -> bool:
        try:
            return (await self._registry.only_row(keys_exist())).keys_exist
        except RegistryUnreachable:
            if self._has_keys is None:
                raise
            # There was none when it was last seen. Nothing that it keeps can be read now, and metrics should be.
            return False

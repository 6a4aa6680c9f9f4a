"""How the target of a delivery is named to people."""

from typing import Any
from urllib.parse import urlsplit


def webhook_host(url: str) -> str:
    """The host of a webhook; what follows it in the address may be a secret."""
    return urlsplit(url).netloc


def target_name(delivery: dict[str, Any]) -> str:
    """The name of a destination, or the host of a webhook."""
    return webhook_host(delivery["target"]) if delivery["kind"] == "webhook" else delivery["target"]

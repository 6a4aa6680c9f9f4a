"""How the target of a delivery is named to people."""

from urllib.parse import urlsplit

from store_uptime.service.registry.deliveries import ClaimedDelivery, DeliveryRow
from store_uptime.service.registry.states import DeliveryKind


def webhook_host(url: str) -> str:
    """The host of a webhook; what follows it in the address may be a secret."""
    return urlsplit(url).netloc


def target_name(delivery: ClaimedDelivery | DeliveryRow) -> str:
    """The name of a destination, or the host of a webhook."""
    return webhook_host(delivery.target) if delivery.kind is DeliveryKind.WEBHOOK else delivery.target

"""Conditional requests: ETag and If-None-Match (RFC 9110, 8.8.3 and 13.1.2)."""

from hashlib import sha256


def etag(*parts: object) -> str:
    """The tag of what these parts decide once and for all, such as a file of a finished report."""
    # Weak: the answer may be compressed on its way, so its bytes are not always the same.
    return f'W/"{sha256(repr(parts).encode()).hexdigest()[:16]}"'


def is_among(tag: str, if_none_match: str) -> bool:
    """Whether If-None-Match names a tag, or is `*`."""
    # By weak comparison, as the RFC requires: proxies also pass on a tag without its W/.
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in if_none_match

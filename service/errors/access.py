"""Errors of who asks, and from where."""

from typing import ClassVar

from store_uptime.service.errors.base import ServiceError


class KeyNeeded(ServiceError):
    """No key was shown, or one that opens nothing."""

    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="store-uptime"'}
    message = "A valid API key is needed: send it as `Authorization: Bearer KEY`, or sign in on the page."


class UnknownHost(ServiceError):
    """The request was made under a name that the server does not have: another site's name may lead to it."""

    status = 403
    message = "This server does not go by that name; --allowed-host gives it more."


class CrossSiteRequest(ServiceError):
    """A page of another site may have made the request in this browser's name."""

    status = 403
    message = "Requests from pages of other sites are refused."


class NoCsrfToken(ServiceError):
    """The request has a session's cookie, which browsers add for any site, and not the token that goes with it."""

    header: str

    status = 403
    message = "A request by cookie must show its session's token in {header}."


class RoleNeeded(ServiceError):
    """The key may do less than that."""

    needed: str
    key: str
    role: str

    status = 403
    message = "This needs a key with the role {needed}; {key!r} has the role {role}."

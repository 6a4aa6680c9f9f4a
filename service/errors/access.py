"""Errors of authentication, authorization and origin."""

from typing import ClassVar

from store_uptime.service.errors.base import ServiceError


class KeyNeeded(ServiceError):
    """No key was shown, or one that opens nothing."""

    status = 401
    # RFC 9110, section 11.6.1, asks for it beside each 401. A browser has no dialog for Bearer, so the page can ask.
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="store-uptime"'}
    message = "A valid API key is needed: send it as `Authorization: Bearer KEY`, or sign in on the page."


class UnknownHost(ServiceError):
    """The request was made under a name that the server does not have: another site's name may lead to it."""

    # DNS rebinding: a page of another site gives its own name this server's address, and is of the same origin then.
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

"""What Litestar hands to handlers and middleware, with the types of what stands in it here."""

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from store_uptime.service.registry.grants import Grant

ApiRequest = Request[Grant, str | None, State]
"""A request: its user is what its caller may do, its auth the token of their session, if it is one. Where no key is
needed it has neither."""
Connection = ASGIConnection[HTTPRouteHandler, Grant, str | None, State]
"""A request as middleware is handed it."""

"""The application: the routes, the layers that a request goes through before them, and the backend behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.plugins.prometheus import PrometheusConfig
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, Middleware

from store_uptime.service.backend.backend import Backend
from store_uptime.service.backend.background import ServerProcess
from store_uptime.service.front import problems
from store_uptime.service.front.authentication import AUTHENTICATOR, AuthenticationMiddleware
from store_uptime.service.front.compression import Zstandard
from store_uptime.service.front.deadline import AnswerDeadline, BodyDeadline
from store_uptime.service.front.middleware import RequestLogMiddleware
from store_uptime.service.front.proxies import ProxyMiddleware, client_of
from store_uptime.service.front.rate_limit import RateLimitMiddleware
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.front.same_site import CrossSiteGuard
from store_uptime.service.page import problem_types, templates, views
from store_uptime.service.routes import (
    deliveries,
    openapi,
    operations,
    overview,
    period_files,
    report_files,
    report_status,
    reports,
    request_options,
    schedules,
    sessions,
    stores,
    summaries,
    swagger,
)
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.validation import check_request
from store_uptime.service.settings import Settings

HANDLERS: list[HTTPRouteHandler] = [
    operations.allowed_methods,  # before the other handlers of its addresses, or Litestar makes its own
    reports.trigger_report,
    report_files.get_report,
    report_files.get_report_by_query,
    reports.history,
    summaries.report_summaries,
    report_status.report_details,
    report_status.report_status,
    report_files.rejected_rows,
    overview.report_overview,
    overview.report_now,
    overview.report_incidents,
    overview.report_groups,
    period_files.rollup,
    period_files.outages,
    period_files.profile,
    reports.end_report,
    report_status.events,
    schedules.schedules,
    schedules.due_times,
    schedules.add_schedule,
    schedules.change_schedule,
    schedules.remove_schedule,
    schedules.run_schedule,
    deliveries.deliver,
    stores.stores,
    stores.timeline,
    stores.sample_data,
    operations.health,
    operations.ready,
    operations.metrics,
    sessions.sign_in,
    sessions.session,
    sessions.sign_out,
]


def create_app(settings: Settings, process: ServerProcess) -> ASGIApp:
    """The ASGI application of one server.

    A request meets, in this order: the proxies that are believed, the log, then `layers`, then its handler.
    """
    backend: Backend | None = None

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        nonlocal backend
        backend = Backend(settings, process)
        app.state[AUTHENTICATOR] = backend.authenticator
        backend.open()
        try:
            yield
        finally:
            await backend.close()

    def current_backend() -> Backend | None:
        return backend

    app = Litestar(
        route_handlers=[*HANDLERS, *swagger.swagger_files(), views.views, problem_types.router, views.assets_router()],
        lifespan=[lifespan],
        before_request=check_request,
        dependencies={
            "backend": Provide(current_backend, sync_to_thread=False),
            "caller": Provide(current_caller, sync_to_thread=False),
            "selection": Provide(request_options.selection_of, sync_to_thread=False),
            "stores_chosen": Provide(request_options.stores_of, sync_to_thread=False),
        },
        middleware=layers(settings),
        exception_handlers=problems.HANDLERS,
        plugins=[openapi.StrictSchemas()],
        openapi_config=openapi.config(version("store-uptime")),
        compression_config=CompressionConfig(
            # Events are left out: a compressor holds back what it is given until it has enough of it.
            backend="zstd",
            compression_facade=Zstandard,
            gzip_fallback=True,
            exclude=["/events$"],
        ),
        template_config=TemplateConfig(instance=templates.template_engine()),
        request_max_body_size=settings.body_limit,
        state=State(),
        logging_config=None,
    )
    # These two stand outside of Litestar, whose middleware sees no request that has no route.
    return ProxyMiddleware(RequestLogMiddleware(app), settings.named_proxies)


def layers(settings: Settings) -> list[Middleware]:
    """What a request goes through before its handler, in order; each may refuse it."""
    return [
        PrometheusConfig(app_name="store_uptime", prefix="store_uptime", group_path=True).middleware,
        AnswerDeadline(settings.timing.request_s, settings.body_seconds),
        CrossSiteGuard(settings),
        BodyDeadline(settings.body_seconds),
        RateLimitMiddleware(settings.rate_limit),
        DefineMiddleware(AuthenticationMiddleware, exclude_from_auth_key="exclude_from_auth", exclude=["^/schema"]),
    ]


def current_caller(request: ApiRequest, backend: NamedDependency[Backend]) -> Caller:
    """Who has made a request."""
    return Caller(backend, request.user, client_of(request.scope))

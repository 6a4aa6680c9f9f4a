"""The application: routes, what surrounds them, and the backend that they share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Request
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.middleware import DefineMiddleware
from litestar.plugins.prometheus import PrometheusConfig
from litestar.template import TemplateConfig

from store_uptime.service.backend.backend import Backend, Host
from store_uptime.service.front import problems
from store_uptime.service.front.authentication import AuthenticationMiddleware
from store_uptime.service.front.compression import Zstandard
from store_uptime.service.front.deadline import AnswerDeadline
from store_uptime.service.front.middleware import CrossSiteGuard, RateLimitMiddleware, RequestLogMiddleware
from store_uptime.service.front.proxies import ProxyMiddleware, client_of
from store_uptime.service.page import problem_types, templates, views
from store_uptime.service.registry.grants import Grant
from store_uptime.service.routes import openapi, operations, reports, schedules, sessions, stores, swagger
from store_uptime.service.routes.caller import Caller
from store_uptime.service.routes.validation import check_request
from store_uptime.service.settings import Settings

HANDLERS: list[Any] = [
    operations.allowed_methods,  # before the other handlers of its addresses, or Litestar makes its own
    reports.trigger_report,
    reports.get_report,
    reports.get_report_by_query,
    reports.history,
    reports.report_details,
    reports.report_status,
    reports.rejected_rows,
    reports.end_report,
    reports.events,
    schedules.schedules,
    schedules.add_schedule,
    schedules.change_schedule,
    schedules.remove_schedule,
    schedules.run_schedule,
    schedules.deliver,
    stores.stores,
    stores.timeline,
    stores.sample_data,
    operations.health,
    operations.ready,
    operations.metrics,
    sessions.sign_in,
    sessions.session,
    sessions.sign_out,
    swagger.start_script,
]


def create_app(settings: Settings, host: Host) -> ProxyMiddleware:
    """The ASGI application of one server."""
    backend: Backend | None = None

    @asynccontextmanager
    async def life(app: Litestar) -> AsyncIterator[None]:
        nonlocal backend
        backend = app.state["backend"] = Backend(settings, host)
        backend.open()
        try:
            yield
        finally:
            await backend.close()

    def given_backend() -> Backend | None:
        return backend

    def given_caller(request: Request[Grant, Any, Any], backend: NamedDependency[Backend]) -> Caller:
        return Caller(backend, request.user, client_of(request.scope))

    app = Litestar(
        route_handlers=[*HANDLERS, swagger.swagger_files(), views.views, problem_types.router, views.assets_router()],
        lifespan=[life],
        before_request=check_request,
        dependencies={
            "backend": Provide(given_backend, sync_to_thread=False),
            "caller": Provide(given_caller, sync_to_thread=False),
            "selection": Provide(reports.selection_of, sync_to_thread=False),
        },
        middleware=[
            PrometheusConfig(app_name="store_uptime", prefix="store_uptime", group_path=True).middleware,
            AnswerDeadline(settings.timing.request_s, settings.body_seconds),
            CrossSiteGuard(settings),
            RateLimitMiddleware(settings.rate_limit),
            DefineMiddleware(AuthenticationMiddleware, exclude_from_auth_key="exclude_from_auth", exclude=["^/schema"]),
        ],
        exception_handlers=problems.HANDLERS,
        plugins=[openapi.StrictSchemas()],
        openapi_config=openapi.config(version("store-uptime")),
        compression_config=CompressionConfig(
            backend="zstd", compression_facade=Zstandard, gzip_fallback=True, exclude=["/events$"]
        ),
        template_config=TemplateConfig(instance=templates.template_engine()),
        request_max_body_size=settings.body_limit,
        state=State(),
        logging_config=None,
    )
    return ProxyMiddleware(RequestLogMiddleware(app), settings.named_proxies)

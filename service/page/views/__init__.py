"""The views of the page. They only show: its scripts call the API for whatever changes something."""

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.exceptions import HTTPException

from store_uptime.pipeline import StoreUptimeError
from store_uptime.service.page import templates
from store_uptime.service.page.views.changes import changes_view
from store_uptime.service.page.views.comparison import comparison_view
from store_uptime.service.page.views.documents import rule_view
from store_uptime.service.page.views.errors import error_answer, failure_response
from store_uptime.service.page.views.fleet import fleet_rows_view, table_choice
from store_uptime.service.page.views.history import checked_view, history_view
from store_uptime.service.page.views.newest import newest_view
from store_uptime.service.page.views.now import home_view
from store_uptime.service.page.views.report import data_view, report_view
from store_uptime.service.page.views.schedules import schedules_view
from store_uptime.service.page.views.store import store_days_view, store_view
from store_uptime.service.page.views.trends import trends_view
from store_uptime.service.registry.grants import Role, needs
from store_uptime.service.routes.static_files import static_files

YEAR_S = 31_536_000

views = Router(
    "/",
    opt=needs(Role.READ)["opt"],
    route_handlers=[
        home_view,
        newest_view,
        report_view,
        fleet_rows_view,
        store_view,
        store_days_view,
        data_view,
        schedules_view,
        trends_view,
        changes_view,
        history_view,
        checked_view,
        comparison_view,
        rule_view,
    ],
    include_in_schema=False,
    dependencies={"choice": Provide(table_choice, sync_to_thread=False)},
    exception_handlers={StoreUptimeError: error_answer, HTTPException: error_answer, Exception: failure_response},
)


def assets_router() -> Router:
    """The route of the page's style and scripts."""
    # Their address changes with their content, so that no copy is ever out of date.
    immutable = CacheControlHeader(max_age=YEAR_S, public=True, immutable=True)
    return static_files(templates.assets_path(), templates.ASSETS, immutable)

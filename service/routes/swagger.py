"""The page of the API: Swagger UI over the OpenAPI document, without anything from elsewhere.

/schema        the page: our bar, and Swagger UI below it
/schema/page   its own style and script, the files of `api_page`
/schema/files  Swagger UI, which comes as files of the wheel `swagger-ui-py`, of which nothing is imported
"""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.openapi.plugins import OpenAPIRenderPlugin

from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.routes.static_files import static_files

DAY_S = 86_400
OWN_FILES = Path(__file__).parent / "api_page"


class SwaggerPage(OpenAPIRenderPlugin):
    """Serves the page at /schema itself."""

    def __init__(self) -> None:
        super().__init__(path="/", favicon="")

    def render(self, request: ApiRequest, openapi_schema: dict[str, object]) -> bytes:
        return page()  # its script fetches the document


@cache
def page() -> bytes:
    return (OWN_FILES / "page.html").read_bytes()


def swagger_files() -> list[Router]:
    """The routes of style, scripts and Swagger UI's files, which nobody has to sign in for."""
    folder = Path(str(distribution("swagger-ui-py").locate_file("swagger_ui/static")))
    return [
        # The content security policy allows no style and no script within the page. Their addresses stay the same from
        # version to version, so a browser asks whether it has the newest.
        static_files("/schema/page", OWN_FILES, CacheControlHeader(no_cache=True)),
        static_files("/schema/files", folder, CacheControlHeader(max_age=DAY_S, public=True)),
    ]

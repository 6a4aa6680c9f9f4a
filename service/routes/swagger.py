"""The page of the API: Swagger UI over the OpenAPI document, without anything from elsewhere.

Swagger UI comes as files of the wheel `swagger-ui-py`, of which nothing is imported.
"""

from importlib.metadata import distribution
from pathlib import Path

from litestar import Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.openapi.plugins import OpenAPIRenderPlugin

from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.routes.static_files import static_files

DAY_S = 86_400
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>store-uptime API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/schema/files/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/schema/files/swagger-ui-bundle.js"></script>
<script src="/schema/start.js"></script>
</body>
</html>
"""
START_SCRIPT = 'SwaggerUIBundle({ url: "/schema/openapi.json", dom_id: "#swagger-ui", validatorUrl: null });\n'


class SwaggerPage(OpenAPIRenderPlugin):
    """Serves the page at /schema itself."""

    def __init__(self) -> None:
        super().__init__(path="/", favicon="")

    def render(self, request: ApiRequest, openapi_schema: dict[str, object]) -> bytes:
        return PAGE.encode()  # its script fetches the document


@get("/schema/start.js", include_in_schema=False)
async def start_script() -> Response[str]:
    """The script that starts Swagger UI."""
    # In a file of its own: the content security policy allows no script within the page.
    return Response(START_SCRIPT, media_type="text/javascript")


def swagger_files() -> Router:
    """The route of Swagger UI's files, which nobody has to sign in for."""
    folder = Path(str(distribution("swagger-ui-py").locate_file("swagger_ui/static")))
    return static_files("/schema/files", folder, CacheControlHeader(max_age=DAY_S, public=True))

"""The OpenAPI document, and a page to read and try it that loads nothing from elsewhere.

Swagger UI comes as the files in the wheel `swagger-ui-py`, of which nothing is imported.
"""

from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Schema,
    SecurityScheme,
    Tag,
)
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.static_files import create_static_files_router

BINARY = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
TEXT = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
ANYTHING = OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))
FILES = {
    "text/csv": TEXT,
    "application/json": ANYTHING,
    "application/vnd.apache.parquet": BINARY,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": BINARY,
}


@dataclass
class FileOperation(Operation):
    """Answers with a file in one of four formats, or with a status."""

    def __post_init__(self) -> None:
        give(self, FILES)
        unchanged = OpenAPIResponse(description="The client has this file already.")
        self.responses = {**(self.responses or {}), "304": unchanged}


@dataclass
class TimelineOperation(Operation):
    """Answers with JSON or CSV."""

    def __post_init__(self) -> None:
        give(self, {"application/json": ANYTHING, "text/csv": TEXT})


def give(operation: Operation, content: dict[str, OpenAPIMediaType]) -> None:
    """Say which media types an operation answers with."""
    for status, answer in (operation.responses or {}).items():
        if status == "200" and isinstance(answer, OpenAPIResponse):
            answer.content = content


def config(version: str) -> OpenAPIConfig:
    """The document itself, at /schema/openapi.json and .yaml."""
    return OpenAPIConfig(
        title="store-uptime",
        version=version,
        description="How long each store was really online.",
        use_handler_docstrings=True,
        path="/schema",
        render_plugins=[Interface(), JsonRenderPlugin(), YamlRenderPlugin()],
        security=[{}, {"key": []}],
        components=Components(
            security_schemes={
                "key": SecurityScheme(type="http", scheme="bearer", description="A key of `store-uptime keys add`.")
            }
        ),
        tags=[
            Tag("reports", "Trigger, watch and fetch"),
            Tag("history", "What there was"),
            Tag("stores", "One store"),
            Tag("operations", "For those who run it"),
            Tag("sessions", "For the page"),
        ],
    )


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
START = 'SwaggerUIBundle({ url: "/schema/openapi.json", dom_id: "#swagger-ui", validatorUrl: null });\n'


class Interface(OpenAPIRenderPlugin):
    """Swagger UI at /schema itself."""

    def __init__(self) -> None:
        super().__init__(path="/", favicon="")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; it asks for the document itself."""
        return PAGE.encode()


@get("/schema/start.js", include_in_schema=False)
async def start() -> Response[str]:
    """What the page runs; in a file of its own, because the content policy allows no script in the page."""
    return Response(START, media_type="text/javascript")


def assets() -> Any:
    """The route of Swagger UI's files."""
    folder = Path(str(distribution("swagger-ui-py").locate_file("swagger_ui/static")))
    return create_static_files_router(path="/schema/files", directories=[folder], include_in_schema=False)

"""The OpenAPI document, and a page to read and try it that loads nothing from elsewhere.

Swagger UI comes as the files in the wheel `swagger-ui-py`, of which nothing is imported.
"""

from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
    Tag,
)
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from store_uptime.service.routes.static_files import files

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator

A_DAY_S = 86_400
KEYS = "A key of `store-uptime keys add`, with the role that an operation names or a later one of read, trigger, admin."
BINARY = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
TEXT = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))


def holding(**properties: Schema | Reference) -> Schema:
    """An object that has all of these."""
    return Schema(type=OpenAPIType.OBJECT, properties={**properties}, required=list(properties))


ANYTHING, STRING = Schema(type=OpenAPIType.OBJECT), Schema(type=OpenAPIType.STRING)
ROWS = Schema(type=OpenAPIType.ARRAY, items=ANYTHING)
STATUS = Reference(ref="#/components/schemas/ReportStatus")
PROVENANCE, QUALITY, TRIGGER = (
    Reference(ref=f"#/components/schemas/{name}") for name in ("Provenance", "Quality", "TriggerRequest")
)
FIGURES = holding(provenance=PROVENANCE, quality=QUALITY, stores=ROWS)
FILES = {  # clients that are generated from the document take the first for all of them
    "text/csv": TEXT,
    "application/json": OpenAPIMediaType(schema=Schema(one_of=[STATUS, FIGURES])),
    "application/vnd.apache.parquet": BINARY,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": BINARY,
}
PIECES = {"application/json": OpenAPIMediaType(schema=holding(store_id=STRING, pieces=ROWS)), "text/csv": TEXT}


@dataclass
class TriggerOperation(Operation):
    """May be called without a body. Answers with an id, and with where to ask for it."""

    def __post_init__(self) -> None:
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False
            self.request_body.content[
                "application/json"
            ].schema = TRIGGER  # clients that are generated cannot send null
        for answer in answers(self, "202"):
            answer.headers = {"Location": OpenAPIHeader(schema=STRING, description="Where to get the report.")}


@dataclass
class FileOperation(Operation):
    """Answers with a file in one of four formats, or with a status."""

    def __post_init__(self) -> None:
        for answer in answers(self, "200"):
            answer.content = FILES
            answer.headers = {
                "X-Report-Status": OpenAPIHeader(schema=STRING, description="Running, Complete or Error."),
                "ETag": OpenAPIHeader(schema=STRING, description="Of a file: what to send as If-None-Match."),
            }
        self.responses = {**(self.responses or {}), "304": OpenAPIResponse("The client has this file already.")}


@dataclass
class TimelineOperation(Operation):
    """Answers with JSON or CSV."""

    def __post_init__(self) -> None:
        for answer in answers(self, "200"):
            answer.content = PIECES


class Strict(OpenAPISchemaPlugin):
    """Says of what takes no unknown fields that it takes none, which Litestar's own plugin leaves out; and the format
    of a text that may be null with the text, where readers look for it."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is such a struct."""
        kind = field_definition.annotation
        return field_definition.is_subclass_of(msgspec.Struct) and kind.__struct_config__.forbid_unknown_fields

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Schema:
        """The schema of any struct, and that."""
        others = [each for each in schema_creator.plugins if isinstance(each, OpenAPISchemaPlugin) and each is not self]
        plain = next(plugin for plugin in others if plugin.is_plugin_supported_field(field_definition))
        schema = plain.to_openapi_schema(field_definition, schema_creator)
        schema.additional_properties = False
        for member in (schema.properties or {}).values():
            if isinstance(member, Schema) and member.one_of and member.format:
                give_format_to_text(member)
        return schema


def give_format_to_text(either: Schema) -> None:
    """Have the text among several types have the format that stands beside all of them."""
    for kind in either.one_of or []:
        if isinstance(kind, Schema) and kind.type == OpenAPIType.STRING:
            kind.format = either.format
    either.format = None


def answers(operation: Operation, status: str) -> list[OpenAPIResponse]:
    """What an operation answers with a status."""
    found = (operation.responses or {}).get(status)
    return [found] if isinstance(found, OpenAPIResponse) else []


def name(handler: HTTPRouteHandler, *_: object) -> str:
    """The name of an operation: what generated clients call the function."""
    return handler.handler_name


def config(version: str) -> OpenAPIConfig:
    """The document itself, at /schema/openapi.json and .yaml."""
    return OpenAPIConfig(
        title="store-uptime",
        version=version,
        description="How long each store was really online.",
        use_handler_docstrings=True,
        operation_id_creator=name,
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=there),
        render_plugins=[Interface(), JsonRenderPlugin(), YamlRenderPlugin()],
        security=[{}, {"key": []}],
        components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description=KEYS)}),
        tags=[
            Tag("reports", "Trigger, watch and fetch"),
            Tag("history", "What there was"),
            Tag("schedules", "Reports that nobody has to ask for, and where they go"),
            Tag("stores", "One store"),
            Tag("operations", "For those who run it"),
            Tag("sessions", "For the page"),
        ],
    )


async def there(response: Response[Any]) -> Response[Any]:
    """The answer, which holds nothing private. Raises NotFoundException in place of Litestar's page for what is not
    below /schema."""
    if response.status_code == 404:
        raise NotFoundException
    response.headers["Cache-Control"] = "public, no-cache"
    return response


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
    return files("/schema/files", folder, CacheControlHeader(max_age=A_DAY_S, public=True))

"""The OpenAPI document: what Litestar cannot derive from the handlers is added by an operation class of theirs.

config             the document at /schema/openapi.json and .yaml, and the page of `swagger.py` at /schema
TriggerOperation   of a trigger: a body that may be left out, and a Location
FileOperation      of a report: four formats, or a status
TimelineOperation  of a timeline: JSON or CSV
PeriodFileOperation  of a part of a report by periods: four formats
StrictSchemas      a plugin for the schemas of structs
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from litestar import Response, Router
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
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

from store_uptime.service.routes.swagger import SwaggerPage

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator

KEYS = "A key of `store-uptime keys add`, with the role that an operation names or a later one of read, trigger, admin."
BINARY = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
TEXT = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))


def object_with(**properties: Schema | Reference) -> Schema:
    """An object that has these members."""
    # A copy, for type checkers: the field takes a dict whose values may be of more types, and dict is invariant.
    return Schema(type=OpenAPIType.OBJECT, properties={**properties}, required=list(properties))


def list_of(row: Schema) -> Schema:
    """A list of such."""
    return Schema(type=OpenAPIType.ARRAY, items=row)


ANYTHING, STRING = Schema(type=OpenAPIType.OBJECT), Schema(type=OpenAPIType.STRING)
ROWS = list_of(ANYTHING)
STATUS = Reference(ref="#/components/schemas/ReportStatus")
PROVENANCE, QUALITY, TRIGGER = (
    Reference(ref=f"#/components/schemas/{name}") for name in ("Provenance", "Quality", "TriggerRequest")
)
FIGURES = object_with(provenance=PROVENANCE, quality=QUALITY, stores=ROWS)
BY_PERIODS = object_with(provenance=PROVENANCE, quality=QUALITY, total=ROWS)
# Clients that are generated from the document take the first media type for all of them: CSV is text for every one.
FILES = {
    "text/csv": TEXT,
    "application/json": OpenAPIMediaType(schema=Schema(one_of=[STATUS, FIGURES])),
    "application/vnd.apache.parquet": BINARY,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": BINARY,
}
PERIOD_FILES = FILES | {"application/json": OpenAPIMediaType(schema=BY_PERIODS)}
PIECES = {"application/json": OpenAPIMediaType(schema=object_with(store_id=STRING, pieces=ROWS)), "text/csv": TEXT}


@dataclass
class TriggerOperation(Operation):
    """May be called without a body. Answers with an id, and with where to ask for it."""

    def __post_init__(self) -> None:
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False
            # Litestar's schema is "TriggerRequest or null", and generated clients cannot send null.
            self.request_body.content["application/json"].schema = TRIGGER
        for response in responses_with(self, "202"):
            response.headers = {"Location": OpenAPIHeader(schema=STRING, description="Where to get the report.")}


@dataclass
class FileOperation(Operation):
    """Answers with a file in one of four formats, or with a status."""

    def __post_init__(self) -> None:
        for response in responses_with(self, "200"):
            response.content = FILES
            response.headers = {
                "X-Report-Status": OpenAPIHeader(schema=STRING, description="Running, Complete or Error."),
                "ETag": OpenAPIHeader(schema=STRING, description="Of a file: what to send as If-None-Match."),
            }
        self.responses = {**(self.responses or {}), "304": OpenAPIResponse("The client has this file already.")}


@dataclass
class PeriodFileOperation(Operation):
    """Answers with a file in one of four formats."""

    def __post_init__(self) -> None:
        add_tag(self)
        for response in responses_with(self, "200"):
            response.content = PERIOD_FILES


@dataclass
class TimelineOperation(Operation):
    """Answers with JSON or CSV."""

    def __post_init__(self) -> None:
        for response in responses_with(self, "200"):
            response.content = PIECES


def add_tag(operation: Operation) -> None:
    """The tag of an answer, and that it is not sent to a client that has it."""
    for response in responses_with(operation, "200"):
        response.headers = {"ETag": OpenAPIHeader(schema=STRING, description="What to send as If-None-Match.")}
    operation.responses = {**(operation.responses or {}), "304": OpenAPIResponse("The client has this already.")}


class StrictSchemas(OpenAPISchemaPlugin):
    """Completes the schema of a struct that forbids unknown fields."""

    # Litestar's own plugin leaves out that there may be no other members, and puts the format of a text that may be
    # null beside the union, where no reader of documents looks for it.

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        kind = field_definition.annotation
        return field_definition.is_subclass_of(msgspec.Struct) and kind.__struct_config__.forbid_unknown_fields

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Schema:
        others = [each for each in schema_creator.plugins if isinstance(each, OpenAPISchemaPlugin) and each is not self]
        plain = next(plugin for plugin in others if plugin.is_plugin_supported_field(field_definition))
        schema = plain.to_openapi_schema(field_definition, schema_creator)
        schema.additional_properties = False
        for member in (schema.properties or {}).values():
            if isinstance(member, Schema) and member.one_of and member.format:
                give_format_to_text(member)
        return schema


def give_format_to_text(either: Schema) -> None:
    """Move the format that stands beside a union to the text in it."""
    for kind in either.one_of or []:
        if isinstance(kind, Schema) and kind.type == OpenAPIType.STRING:
            kind.format = either.format
    either.format = None


def responses_with(operation: Operation, status: str) -> list[OpenAPIResponse]:
    """The answer of an operation with a status, if there is one."""
    found = (operation.responses or {}).get(status)
    return [found] if isinstance(found, OpenAPIResponse) else []


def operation_id(handler: HTTPRouteHandler, *_: object) -> str:
    # Generated clients name their functions after it; Litestar's own ids are made of the whole path.
    return handler.handler_name


def config(version: str) -> OpenAPIConfig:
    """The document, at /schema/openapi.json and .yaml, and the page that shows it."""
    return OpenAPIConfig(
        title="store-uptime",
        version=version,
        description="How long each store was really online.",
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, after_request=known_or_404),
        render_plugins=[SwaggerPage(), JsonRenderPlugin(), YamlRenderPlugin()],
        security=[{}, {"key": []}],
        components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer", description=KEYS)}),
        tags=[
            Tag("reports", "Trigger, watch and fetch"),
            Tag("overview", "What the page shows of all stores: now, by hour, by group, and of earlier reports"),
            Tag("periods", "What a report by periods has beside its rows"),
            Tag("history", "What there was"),
            Tag("schedules", "Reports that nobody has to ask for, and where they go"),
            Tag("stores", "One store"),
            Tag("operations", "For those who run it"),
            Tag("sessions", "For the page"),
        ],
    )


async def known_or_404(response: Response[bytes]) -> Response[bytes]:
    # Litestar answers an unknown address below /schema with a page of its own.
    if response.status_code == 404:
        raise NotFoundException
    response.headers["Cache-Control"] = "public, no-cache"  # nothing private, and new with each version
    return response

"""Whether a request fits its route, and if not, sentences with what is allowed.

check_request      all that is wrong with a request: query, headers and body
expected_members   the members of a body, by name
json_faults        what is wrong with a body, whose members are JSON
allowed_words.py   what a type allows, in words
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

import msgspec
from litestar.exceptions import SerializationException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, QueryParameter
from litestar.typing import FieldDefinition
from msgspec import inspect

from store_uptime.service.front.fields import WrongField
from store_uptime.service.front.requests import ApiRequest
from store_uptime.service.routes.allowed_words import allowed, word_list

QUOTED_LENGTH = 60  # characters
METHODS_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


Hint = object
"""What msgspec takes for a type: a class, a union, or an annotation with what restricts it."""
Convert = Callable[[object, Hint], object]
"""Converts a value to a type. Raises msgspec.ValidationError."""


class NoBody(msgspec.Struct):
    """The body of a route that takes none."""


@dataclass(frozen=True)
class Expected:
    """A parameter or a member of a body: its name in a request, its type for msgspec, whether it must be there."""

    name: str
    hint: Hint
    is_required: bool


@dataclass(frozen=True)
class Fault:
    """What is wrong with a request: a sentence, and the name of the parameter, header or member; None: the body."""

    sentence: str
    field: str | None = None


async def check_request(request: ApiRequest) -> None:
    """Raises ValidationException with a sentence for each fault of a request."""
    # Litestar converts parameters and bodies after this, but it ignores unknown parameters, members that come twice and
    # bodies where none is taken, takes 1.0 for a whole number, and its messages name Python types.
    handler = request.route_handler
    query, headers = expected_parameters(handler, QueryParameter), expected_parameters(handler, HeaderParameter)
    faults = [*query_faults(request.query_params.multi_items(), query), *header_faults(request.headers, headers)]
    data = handler.parsed_data_field
    if request.method in METHODS_WITH_BODY:
        struct = NoBody if data is None else struct_of(data)
        content = await json_of(request)
        if content is not None or (data is not None and not data.is_optional):
            faults += body_faults(content, struct)
        faults += repeated_names(await request.body(), expected_members(struct))
    if faults:
        raise refusal(faults)


def refusal(faults: list[Fault]) -> ValidationException:
    """What a request with some faults is refused with; a program is given the name of the first that has one."""
    sentence = " ".join(fault.sentence for fault in faults)
    field = next((fault.field for fault in faults if fault.field), None)
    return ValidationException(sentence) if field is None else WrongField(sentence, field)


@cache
def expected_parameters(
    handler: BaseRouteHandler, kind: type[QueryParameter] | type[HeaderParameter]
) -> Mapping[str, Expected]:
    """The parameters of a handler, and of what it depends on, by their names in a request."""
    signature = handler.parsed_fn_signature.parameters
    providers = [provider for name, provider in handler.resolve_dependencies().items() if name in signature]
    found = [
        Expected(
            name=field.kwarg_definition.name or field.name,
            hint=owner.signature_model.__annotations__[field.name],
            is_required=not field.has_default,
        )
        for owner in (handler, *providers)
        for field in owner.parsed_fn_signature.parameters.values()
        if isinstance(field.kwarg_definition, kind)
    ]
    return {each.name: each for each in found}


def struct_of(data: FieldDefinition) -> type[msgspec.Struct]:
    """The struct of a body that may be left out: the type is a union with None then."""
    kinds = (data.annotation, *data.args)
    return next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def query_faults(given: Iterable[tuple[str, object]], expected: Mapping[str, Expected]) -> Iterator[Fault]:
    """A sentence for each parameter of an address that is unknown, repeated, missing or not allowed."""
    pairs = list(given)
    values: dict[str, object] = dict(pairs)
    lists = {name for name, each in expected.items() if is_list(inspect.type_info(each.hint))}
    values |= {name: [value for each, value in pairs if each == name] for name in lists & values.keys()}
    yield from unknown_names(values, expected, "parameter", "this address")
    yield from given_once(name for name, _ in pairs if name in expected.keys() - lists)
    yield from text_faults(values, expected)


def is_list(kind: inspect.Type) -> bool:
    """Whether a parameter may be given several times."""
    match kind:
        case inspect.Metadata(type=inner):
            return is_list(inner)
        case _:
            return isinstance(kind, inspect.VarTupleType)


def given_once(names: Iterable[str]) -> Iterator[Fault]:
    """A sentence for each name that comes more than once."""
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(f"{name} is given {count} times: give it once.", name)


def header_faults(given: Mapping[str, str], expected: Mapping[str, Expected]) -> Iterator[Fault]:
    """A sentence for each header that the route reads and that is missing or not allowed."""
    # Others are not looked at: browsers and proxies send many that are no business of a route.
    values = {name: given[name] for name in expected if name in given}
    yield from text_faults(values, expected)


async def json_of(request: ApiRequest) -> object:
    """The body as plain values; None where it is empty. Raises ValidationException."""
    try:
        return await request.json()
    except SerializationException:
        fault = syntax_fault(await request.body())
        raise ValidationException(f"The body of this request {fault}.") from None


def syntax_fault(body: bytes) -> str:
    """Where a body stops being JSON."""
    # msgspec names a byte; Python's parser names line and column, but accepts some bodies that msgspec does not.
    try:
        json.loads(body, parse_int=str)
    except json.JSONDecodeError as error:
        return f"is not JSON from line {error.lineno}, column {error.colno} on"
    return "cannot be read as JSON"


def repeated_names(body: bytes, expected: Mapping[str, Expected]) -> list[Fault]:
    """A sentence for each name that comes more than once in an object of a body, or in one within it."""
    # Parsers take the last of them, and what was sent twice by mistake would be half ignored.
    faults: list[Fault] = []

    def note_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
        faults.extend(given_once(name if name in expected else json_excerpt(name) for name, _ in pairs))
        return dict(pairs)

    # parse_int: Python refuses to read integers of more than 4300 digits, which here is for `body_faults` to say.
    json.loads(body or b"null", object_pairs_hook=note_repeated, parse_int=str)
    return faults


def body_faults(given: object, struct: type[msgspec.Struct]) -> Iterator[Fault]:
    """A sentence for each member of a body that is unknown, missing or not allowed; or that it is no object."""
    expected = expected_members(struct)
    if isinstance(given, dict):
        yield from unknown_names(given, expected, "member", "the body")
        yield from json_faults(given, expected)
    else:
        members = f"with {word_list(expected, 'or')}" if expected else "without members, or nothing"
        yield Fault(f"The body must be a JSON object {members}, not {json_excerpt(given)}.")


@cache
def expected_members(struct: type[msgspec.Struct]) -> Mapping[str, Expected]:
    """The members of a body, by their names in JSON."""
    fields = msgspec.structs.fields(struct)
    return {field.encode_name: Expected(field.encode_name, field.type, field.required) for field in fields}


def unknown_names(given: Iterable[str], expected: Mapping[str, Expected], noun: str, taker: str) -> Iterator[Fault]:
    for name in sorted(set(given) - expected.keys()):  # sorted, or the same request would be answered in two ways
        known = word_list(expected, "and") if expected else "none"
        near = get_close_matches(name, expected, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        yield Fault(f"There is no {noun} {json_excerpt(name)}: {taker} takes {known}.{hint}", name)


def text_faults(values: Mapping[str, object], expected: Mapping[str, Expected]) -> Iterator[Fault]:
    """A sentence for each value of an address or a header that is missing or not allowed; values are texts."""
    # A form sends an empty text for each field that is left empty: what is required is missing then.
    empty = {name for name, each in expected.items() if each.is_required and values.get(name) == ""}
    given = {name: value for name, value in values.items() if name not in empty}
    yield from value_faults(given, expected, convert_text)


def json_faults(values: Mapping[str, object], expected: Mapping[str, Expected]) -> Iterator[Fault]:
    """A sentence for each member of a body that is missing or not allowed; values are of JSON."""
    yield from value_faults(values, expected, msgspec.convert)


def convert_text(value: object, hint: Hint) -> object:
    return msgspec.convert(value, hint, strict=False)


def value_faults(values: Mapping[str, object], expected: Mapping[str, Expected], convert: Convert) -> Iterator[Fault]:
    for each in expected.values():
        words = allowed(inspect.type_info(each.hint))
        if each.name in values and not can_be(values[each.name], each.hint, convert):
            yield Fault(f"{each.name} must be {words}, not {json_excerpt(values[each.name])}.", each.name)
        elif each.name not in values and each.is_required:
            yield Fault(f"{each.name} is missing; it must be {words}.", each.name)


def can_be(value: object, hint: Hint, convert: Convert) -> bool:
    try:
        convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True


def json_excerpt(value: object) -> str:
    """A value as JSON, cut where it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= QUOTED_LENGTH else f"{text[:QUOTED_LENGTH]}…"

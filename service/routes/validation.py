"""Whether a request fits its route, told in sentences with what is allowed.

Litestar converts parameters and bodies, but it ignores parameters that it does not know, bodies where none is taken and
members that come twice, takes 1.0 for a whole number, and speaks of types. So this looks first: check_request, then
query, header and body, then the words for a type.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import SerializationException, ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, QueryParameter
from litestar.typing import FieldDefinition
from msgspec import inspect

from store_uptime.service.routes.schemas import NAME, TEXT

SHOWN = 60  # characters of what was given
WITH_BODIES = ("POST", "PUT", "PATCH", "DELETE")
WORDS_OF_PATTERNS = {
    TEXT: "text without zero bytes",
    NAME: "a letter or digit, then letters, digits, - _ and ., at most 63 in all",
}


class Nothing(msgspec.Struct):
    """The body of a route that takes none."""


@dataclass(frozen=True)
class Expected:
    """A parameter or a member of a body: its name in a request, its type for msgspec, whether it must be there."""

    name: str
    hint: Any
    is_required: bool


async def check_request(request: Request[Any, Any, Any]) -> None:
    """Refuse what does not fit the route. Raises ValidationException."""
    handler = request.route_handler
    query, headers = expected_parameters(handler, QueryParameter), expected_parameters(handler, HeaderParameter)
    faults = [*query_faults(request.query_params.multi_items(), query), *header_faults(request.headers, headers)]
    data = handler.parsed_data_field
    if request.method in WITH_BODIES:
        struct, is_needed = (Nothing, False) if data is None else (struct_of(data), not data.is_optional)
        faults += body_faults(await json_of(request), struct, is_needed=is_needed)
        faults += repeated_names(await request.body(), expected_members(struct))
    if faults:
        raise ValidationException(" ".join(faults))


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
    """What the body of a route is, where it is not left out."""
    kinds = (data.annotation, *data.args)
    return next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def query_faults(given: Iterable[tuple[str, Any]], expected: Mapping[str, Expected]) -> Iterator[str]:
    """What is wrong with the parameters of an address: unknown, given twice, missing, or of no use."""
    pairs = list(given)
    counts, values = Counter(name for name, _ in pairs), dict(pairs)
    yield from unknown_names(values, expected, "parameter", "this address")
    yield from given_once(name for name in counts.elements() if name in expected)
    yield from misfits(values, expected, strict=False)


def given_once(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each name that comes more than once."""
    yield from (f"{name} is given {count} times: give it once." for name, count in Counter(names).items() if count > 1)


def header_faults(given: Mapping[str, str], expected: Mapping[str, Expected]) -> Iterator[str]:
    """What is wrong with the headers that a route reads."""
    values = {name: given[name] for name in expected if name in given}
    yield from misfits(values, expected, strict=False)


async def json_of(request: Request[Any, Any, Any]) -> object:
    """The body as plain values; None where it is empty. Raises ValidationException."""
    try:
        return await request.json()
    except SerializationException:
        place = place_of_fault(await request.body())
        raise ValidationException(f"The body of this request {place}.") from None


def place_of_fault(body: bytes) -> str:
    """From where on a body is not JSON, as far as a second parser can tell, which takes more but tells places."""
    try:
        json.loads(body, parse_int=str)
    except json.JSONDecodeError as error:
        return f"is not JSON from line {error.lineno}, column {error.colno} on"
    return "cannot be read as JSON"


def repeated_names(body: bytes, expected: Mapping[str, Expected]) -> list[str]:
    """A sentence for each member that comes more than once in an object of a body: parsers take the last one."""
    faults: list[str] = []

    def looked_at(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        faults.extend(given_once(name for name, _ in pairs if name in expected))
        return dict(pairs)

    json.loads(body or b"null", object_pairs_hook=looked_at, parse_int=str)
    return faults


def body_faults(given: object, struct: type[msgspec.Struct], *, is_needed: bool) -> Iterator[str]:
    """What is wrong with the members of a body; null stands for a body that is left out."""
    if given is None and not is_needed:
        return
    expected = expected_members(struct)
    if isinstance(given, dict):
        yield from unknown_names(given, expected, "member", "the body")
        yield from misfits(given, expected, strict=True)
    else:
        members = f"with {listed(expected, 'or')}" if expected else "without members, or nothing"
        yield f"The body must be a JSON object {members}, not {shown(given)}."


@cache
def expected_members(struct: type[msgspec.Struct]) -> Mapping[str, Expected]:
    """The members of a body."""
    fields = msgspec.structs.fields(struct)
    return {field.encode_name: Expected(field.encode_name, field.type, field.required) for field in fields}


def unknown_names(given: Iterable[str], expected: Mapping[str, Expected], noun: str, taker: str) -> Iterator[str]:
    """A sentence for each name that nothing goes by."""
    for name in sorted(set(given) - expected.keys()):  # a parser of addresses gives them in any order
        known = listed(expected, "and") if expected else "none"
        near = get_close_matches(name, expected, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        yield f"There is no {noun} {shown(name)}: {taker} takes {known}.{hint}"


def misfits(values: Mapping[str, object], expected: Mapping[str, Expected], *, strict: bool) -> Iterator[str]:
    """A sentence for each value that does not fit, or is missing.

    not strict: values are texts, and an empty one counts as left out.
    """
    for each in expected.values():
        words = allowed(inspect.type_info(each.hint))
        if each.name in values and (strict or not each.is_required or values[each.name] != ""):
            try:
                msgspec.convert(values[each.name], each.hint, strict=strict)
            except msgspec.ValidationError:
                yield f"{each.name} must be {words}, not {shown(values[each.name])}."
        elif each.is_required:
            yield f"{each.name} is missing; it must be {words}."


def shown(value: object) -> str:
    """What was given, as JSON, and no more of it than helps."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def allowed(kind: inspect.Type) -> str:
    """What a value may be, in words."""
    match kind:
        case inspect.Metadata(type=inner):
            return allowed(inner)
        case inspect.LiteralType(values=values):
            return listed([str(value) for value in values if value != ""], "or")
        case inspect.UnionType(types=kinds):
            return " or ".join(allowed(each) for each in kinds if not isinstance(each, inspect.NoneType))
        case inspect.ListType(item_type=item, max_length=most):
            return f"a list of at most {most} values, each {allowed(item)}"
        case _:
            return plain_words(kind)


def plain_words(kind: inspect.Type) -> str:
    """What a single value may be, in words."""
    match kind:
        case inspect.StrType(pattern=pattern, min_length=least, max_length=most):
            words = WORDS_OF_PATTERNS[pattern] if pattern else "text"
            words = f"{words} that is not empty" if least else words
            return f"{words} of at most {most} characters" if most else words
        case inspect.IntType(ge=least, le=most):
            return "a whole number" if least is None else f"a whole number from {least} to {most}"
        case inspect.BoolType():
            return "true or false"
        case _:
            raise TypeError(f"there are no words for {kind}")


def listed(names: Iterable[str], last: str) -> str:
    """a, b and c."""
    *others, final = names
    return f"{', '.join(others)} {last} {final}" if others else final

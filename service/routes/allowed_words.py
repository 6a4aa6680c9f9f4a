"""What a type of msgspec allows, in words for people: `allowed(type_info(int | None))` is "a whole number"."""

from collections.abc import Iterable

from msgspec import inspect

from store_uptime.service.routes.request_schemas import NAME, TEXT

WORDS_OF_PATTERNS = {
    TEXT: "text without zero bytes",
    NAME: "a letter or digit, then letters, digits, - _ and ., at most 63 in all",
}


def allowed(kind: inspect.Type) -> str:
    """What a value of a type may be. Raises TypeError for a type that no route uses yet."""
    match kind:
        case inspect.Metadata(type=inner):
            return allowed(inner)
        case inspect.LiteralType(values=values):
            # An empty text is allowed where a form sends it for "any"; in a sentence it would be a hole.
            return word_list([str(value) for value in values if value != ""], "or")
        case inspect.UnionType(types=kinds):
            named = [each for each in kinds if not isinstance(each, inspect.NoneType)]
            named.sort(key=lambda each: isinstance(each, inspect.ListType))  # with all that a list holds it is long
            return " or ".join(map(allowed, named))
        case inspect.DictType(value_type=value):
            return f"an object, each value {allowed(value)}"
        case inspect.ListType(item_type=item, max_length=most) | inspect.VarTupleType(item_type=item, max_length=most):
            return f"a list of at most {most} values, each {allowed(item)}"
        case _:
            return allowed_plain(kind)


def allowed_plain(kind: inspect.Type) -> str:
    match kind:
        case inspect.StrType(pattern=pattern, min_length=least, max_length=most):
            words = WORDS_OF_PATTERNS[pattern] if pattern else "text"
            if least and most:
                return f"{words} of {least} to {most} characters"
            words = f"{words} that is not empty" if least else words
            return f"{words} of at most {most} characters" if most else words
        case inspect.IntType(ge=least, le=most):
            return "a whole number" if least is None else f"a whole number from {least} to {most}"
        case inspect.BoolType():
            return "true or false"
        case _:
            raise TypeError(f"there are no words for {kind}")


def word_list(names: Iterable[str], last: str) -> str:
    """a, b and c."""
    *others, final = names
    return f"{', '.join(others)} {last} {final}" if others else final

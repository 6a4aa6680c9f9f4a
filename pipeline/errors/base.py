"""The base of all errors: a class for each cause, with named facts and the template of a sentence."""

from typing import Annotated, ClassVar, Self, dataclass_transform, get_origin

Clause = Annotated[str, "a reason: it stands inside the sentence on one line, without a full stop of its own"]


# The checker takes constructors as those of dataclasses. They are none: to generate one takes 0.1 ms a class, and every
# command would wait for all of them. Also, eq of a dataclass makes errors unhashable, and frozen ones cannot leave a
# `with`: contextlib sets their __traceback__.
@dataclass_transform(eq_default=False)
class StoreUptimeError(Exception):
    """Any of the errors below; its text is for people, and says what to do."""

    message: ClassVar[str] = ""
    """The sentence; fields in braces are the names of facts, or of further `words`."""
    facts: ClassVar[tuple[str, ...]] = ()
    _clauses: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Not `vars(cls)["__annotations__"]`: from Python 3.14 on they are no longer there.
        declared = {name: kind for name, kind in cls.__annotations__.items() if get_origin(kind) is not ClassVar}
        cls.facts = (*cls.facts, *(name for name in declared if name not in cls.facts))
        cls._clauses = cls._clauses | {name for name, kind in declared.items() if kind is Clause}

    def __init__(self, *values: object, **named: object) -> None:
        given = dict(zip(self.facts, values, strict=False)) | named
        if len(values) + len(named) != len(given) or not given.keys() <= set(self.facts):
            raise TypeError(f"{type(self).__name__} has the facts {self.facts}, not {values} {named}")
        vars(self).update(given)
        # All facts go to args, also those given by name: pickle creates an error from them, in this process, when a
        # worker process has raised it.
        super().__init__(*(getattr(self, name) for name in self.facts))  # a default is an attribute of the class

    def __str__(self) -> str:
        return self.message.format_map(self.words).rstrip()  # a remedy may be empty

    @property
    def words(self) -> dict[str, object]:
        """The values for the fields of the sentence."""
        facts = dict(zip(self.facts, self.args, strict=True))
        return facts | {name: clause(facts[name]) for name in self._clauses}

    def replace(self, **facts: object) -> Self:
        """The same error with some facts exchanged."""
        return type(self)(**(dict(zip(self.facts, self.args, strict=True)) | facts))


def clause(reason: object) -> str:
    # Reasons are often messages of libraries, with several lines and full stops of their own.
    return " ".join(str(reason).splitlines()).strip().rstrip(".")


class ExtraMissing(StoreUptimeError):
    """A function needs an extra of the package that is not installed. purpose: the function."""

    extra: str
    purpose: str

    # In quotes, for zsh takes the brackets for a pattern.
    message = "{purpose}: this needs an extra. Install it with `pip install 'store-uptime[{extra}]'`."

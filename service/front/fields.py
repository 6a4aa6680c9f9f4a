"""A request that is refused for a value: the sentence, and which parameter, header or member of the body it is of."""

from litestar.exceptions import ValidationException


class WrongField(ValidationException):
    """A value of a request is not what it must be. field: the name of what it was given as."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field

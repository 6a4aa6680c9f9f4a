"""What is wrong with a value that somebody gives, before anything is done with it."""


class WrongMember(ValueError):
    """A value cannot be what it was given as. member: its name, such as cron; the text is a sentence without an end."""

    def __init__(self, member: str, sentence: str) -> None:
        super().__init__(sentence)
        self.member = member

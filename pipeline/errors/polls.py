"""Errors of a source that can be read: it has no accepted polls, no such store, or no such time."""

from store_uptime.pipeline.errors.base import Clause, StoreUptimeError

LOAD_POLLS = "Load some with `store-uptime load DIR`."
EXPORT_POLLS = "Its polls have a header and no rows: export them again."
CHOOSE_NOW = "Choose a now between them, or a longer lookback."
LATEST_NOW = "9999-12-10T00:00:00Z"  # later, intervals around now would have local times in the year 10000


class NoPolls(StoreUptimeError):
    """There is no accepted poll at all. remedy: what to do, a sentence."""

    source: str
    remedy: str
    message = "{source} has no accepted poll. {remedy}"


class NoPollsInHorizon(NoPolls):
    """There are accepted polls, but none in the horizon. oldest, newest: the instants between which they are."""

    horizon: str
    oldest: str
    newest: str
    message = "{source} has no accepted poll {horizon}: its oldest is {oldest}, its newest {newest}. {remedy}"


class AllPollsRejected(NoPolls):
    """There are polls, and none of them can be read.

    rows: how many were examined; reasons: how many of them were rejected for each; example: the bad value of one of
    them, and its file and line, in words.
    """

    rows: int
    reasons: dict[str, int]
    example: str
    message = "{source}: all {rows:,} polls are rejected: {counts}{such}. {remedy}"

    @property
    def words(self) -> dict[str, object]:
        counts = ", ".join(f"{reason} ({times:,})" for reason, times in self.reasons.items())
        return super().words | {"counts": counts, "such": f", such as {self.example}" if self.example else ""}


class NewestPollsRejected(AllPollsRejected):
    """None of the newest polls can be read; there may be older ones, which were not examined."""

    # To examine all polls of a large table would take minutes, for an error message.

    message = "{source}: all of the {rows:,} polls that were looked at are rejected: {counts}{such}. {remedy}"


class OnlyPollRejected(AllPollsRejected):
    """There is one poll, and it cannot be read."""

    message = "{source}: the only poll is rejected for {names}{such}. {remedy}"

    @property
    def words(self) -> dict[str, object]:
        such = f": {self.example}" if self.example else ""
        return super().words | {"names": ", ".join(self.reasons), "such": such}


class HorizonOutOfRange(StoreUptimeError):
    """The horizon is not within the years 1 to 9999."""

    now: str
    lookback: str
    message = (
        "a week and {lookback} before {now} is not all in the years 1 to 9999. "
        "Choose another now or a shorter lookback."
    )


class NowTooLate(HorizonOutOfRange):
    """Now is after LATEST_NOW, where no shorter lookback helps."""

    message = (
        "now {now} is too late, whatever the lookback ({lookback}): the calendar has the years 1 to 9999, and ends "
        f"soon after it. Choose a now until {LATEST_NOW}."
    )


class UnknownStore(StoreUptimeError):
    """No poll of the source, or of a finished report, has this store id."""

    store: str
    source: str
    message = "no poll in {source} has the store id {store!r}. Ids are compared as written, case included."


class BadPeriod(StoreUptimeError):
    """A period that was asked for is none."""

    reason: Clause
    message = "The period cannot be used: {reason}."


class PeriodOutOfRange(StoreUptimeError):
    """A period lies outside the calendar."""

    period: str
    message = "The period {period}, with what max_gap adds at both ends, does not lie in the years 1 to 9999."


class NoSuchZone(StoreUptimeError):
    """A zone that was given is none of the pinned `tzdata`."""

    zone: str
    message = "There is no zone {zone!r}: write an IANA name in its case, such as Europe/Berlin."

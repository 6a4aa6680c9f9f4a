"""Errors of what was asked of a source that can be read: no polls, no such store, no such time."""

from store_uptime.pipeline.errors.base import StoreUptimeError

LOAD_POLLS = "Load some with `store-uptime load DIR`."
EXPORT_POLLS = "Its polls have a header and no rows: export them again."
CHOOSE_NOW = "Choose a now between them, or a longer lookback."
LATEST_NOW = "9999-12-10T00:00:00Z"  # Later, local hours of the last week would be in the year 10000.


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
    message = "{source} has no accepted poll in {horizon}: its oldest is {oldest}, its newest {newest}. {remedy}"


class AllPollsRejected(NoPolls):
    """There are polls, and none of them can be read.

    rows: how many were looked at; reasons: how many of them were rejected for each; example: what one of them holds and
    where it stands, in words.
    """

    rows: int
    reasons: dict[str, int]
    example: str
    message = "{source}: all {rows:,} polls are rejected: {counts}{such}. {remedy}"

    @property
    def words(self) -> dict[str, object]:
        """See `StoreUptimeError`."""
        counts = ", ".join(f"{reason} ({times:,})" for reason, times in self.reasons.items())
        return super().words | {"counts": counts, "such": f", such as {self.example}" if self.example else ""}


class NewestPollsRejected(AllPollsRejected):
    """None of the newest polls can be read; there may be others, which were not looked at."""

    message = "{source}: all of the {rows:,} polls that were looked at are rejected: {counts}{such}. {remedy}"


class OnlyPollRejected(AllPollsRejected):
    """There is one poll, and it cannot be read."""

    message = "{source}: the only poll is rejected for {names}{such}. {remedy}"

    @property
    def words(self) -> dict[str, object]:
        """See `StoreUptimeError`."""
        such = f": {self.example}" if self.example else ""
        return super().words | {"names": ", ".join(self.reasons), "such": such}


class HorizonOutOfRange(StoreUptimeError):
    """The time asked about leaves the calendar, which has the years 1 to 9999."""

    now: str
    lookback: str
    message = (
        "a week and {lookback} before {now} is not all in the years 1 to 9999. "
        "Choose another now or a shorter lookback."
    )


class NowTooLate(HorizonOutOfRange):
    """Now is so late that no lookback would help: after LATEST_NOW the calendar is as good as over."""

    message = (
        "now {now} is too late, whatever the lookback ({lookback}): the calendar has the years 1 to 9999, and ends "
        f"soon after it. Choose a now until {LATEST_NOW}."
    )


class UnknownStore(StoreUptimeError):
    """No poll has ever had this store id, or none of the polls that a finished report is of."""

    store: str
    source: str
    message = "no poll in {source} has the store id {store!r}. Ids are compared as written, case included."

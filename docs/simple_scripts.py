"""What short scripts say of the sample, and what is right: the table of README.md, by `just simple-scripts`.

Each script makes one slip and does all else right (plain_script.py), so what it is off by is due to that slip alone.

In: the sample, 500 stores. Out: the rows of the table, printed and put into README.md.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from docs.plain_script import (
    HORIZON,
    HOUR,
    SECOND,
    WEEK,
    Feed,
    Interval,
    Poll,
    Store,
    Stretch,
    business_time,
    joined,
    read,
    stretches,
    time_within,
    zone_of,
)
from store_uptime.pipeline import write_sample

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- simple scripts -->\n).*?(?=<!-- end -->)", re.DOTALL)

ALL, ONE = "all stores", "the store most off"
DOWN, DOWN_A_LITTLE, UP = "{:,.0f} h down", "{:.2f} h down", "{:.2f} % up"

Script = Callable[[Store, int], list[Stretch]]
"""A store and now in; its time up and down out."""


def right(store: Store, now: int) -> list[Stretch]:
    """No slip: the business hours of the store's own clock, joined at midnight, filled by its polls."""
    return stretches(joined(business_time(store.hours, zone_of(store), now)), store.polls)


# A slip each, of a store ----------------------------------------------------------------------------------------------


def counting_closed_hours(store: Store, now: int) -> list[Stretch]:
    """Adds up the time between polls, day and night."""
    return stretches([Interval(now - HORIZON, now)], store.polls)


def by_the_clock_of_the_server(store: Store, now: int) -> list[Stretch]:
    """Compares opening hours with the time that the server has."""
    return stretches(joined(business_time(store.hours, UTC, now)), store.polls)


def by_the_offset_of_today(store: Store, now: int) -> list[Stretch]:
    """Knows how far a store is from UTC, and that this never changes; it has on Sunday."""
    offset = datetime.fromtimestamp(now / SECOND, zone_of(store)).utcoffset() or timedelta()
    return stretches(joined(business_time(store.hours, timezone(offset), now)), store.polls)


def without_shifts_past_midnight(store: Store, now: int) -> list[Stretch]:
    """Looks for times between opening and closing; between 17:00 and 02:00 there are none."""
    hours = [row for row in store.hours if row.opens < row.closes]
    if store.hours and not hours:
        return []
    return stretches(joined(business_time(hours, zone_of(store), now)), store.polls)


def closing_at_2359(store: Store, now: int) -> list[Stretch]:
    """Closes a store for a minute, and lets no poll speak beyond that, where the feed cannot write 24:00."""
    return stretches(business_time(store.hours, zone_of(store), now), store.polls)


def joining_three_tables(store: Store, now: int) -> list[Stretch]:
    """Leaves out who has no row of hours, and so never closes, or no zone."""
    return right(store, now) if store.hours and store.zone else []


def by_the_last_of_two_polls(store: Store, now: int) -> list[Stretch]:
    """Lets one of two polls of the same instant win that says up, since it comes later in the file."""
    polls = list({poll.at: poll for poll in store.polls}.values())
    return right(store._replace(polls=polls), now)


OF_ALL_STORES: dict[str, Script] = {
    "counts closed hours": counting_closed_hours,
    "takes the server's clock for each store's": by_the_clock_of_the_server,
    "knows a zone by its offset, though clocks changed on Sunday": by_the_offset_of_today,
    "forgets shifts past midnight": without_shifts_past_midnight,
    "joins three tables, so that who has no hours or no zone is gone": joining_three_tables,
}
OF_ONE_STORE: dict[str, Script] = {
    "closes at 23:59 and opens at 00:00": closing_at_2359,
    "takes the last of two polls that contradict each other": by_the_last_of_two_polls,
}


# And of figures -------------------------------------------------------------------------------------------------------


def share_of_polls(store: Store, now: int) -> float:
    """Percent of the polls in business hours that are up, however far they are apart, and repeats twice."""
    return 100 * mean(poll.is_up for poll in polls_of_the_week(store, now))


def an_hour_a_poll(feed: Feed) -> float:
    """Each poll that says down is an hour."""
    return sum(not poll.is_up for store in feed.stores.values() for poll in polls_of_the_week(store, feed.now))


def mean_of_percents(feed: Feed) -> float:
    """A store that is open for an hour weighs as much as one that never closes."""
    return mean(uptime_percent(right(store, feed.now), feed.now) for store in feed.stores.values())


def of_24_hours(feed: Feed) -> float:
    """Divides by the hours of the day, of which most stores are open for half."""
    up = sum(time_up(right(store, feed.now), feed.now) for store in feed.stores.values())
    return 100 * up / (len(feed.stores) * WEEK)


def polls_of_the_week(store: Store, now: int) -> list[Poll]:
    """Those in business hours, repeats too."""
    intervals = joined(business_time(store.hours, zone_of(store), now))
    recent = [poll for poll in store.polls if poll.at >= now - WEEK]
    return [poll for poll in recent if any(interval.opens <= poll.at < interval.closes for interval in intervals)]


# The table ------------------------------------------------------------------------------------------------------------


def time_up(found: Iterable[Stretch], now: int) -> int:
    """Uptime in the week before now."""
    return time_within(now - WEEK, now, [each for each in found if each.is_up])


def time_down(found: Iterable[Stretch], now: int) -> int:
    """Downtime in the week before now."""
    return time_within(now - WEEK, now, [each for each in found if not each.is_up])


def hours_down(script: Script, store: Store, now: int) -> float:
    """Downtime in the week before now, as a script says."""
    return time_down(script(store, now), now) / HOUR


def uptime_percent(found: list[Stretch], now: int) -> float:
    """Uptime of the hours that are known."""
    return 100 * time_up(found, now) / (time_up(found, now) + time_down(found, now))


def all_down(feed: Feed, script: Script) -> float:
    """Hours down of all stores together."""
    return sum(hours_down(script, store, feed.now) for store in feed.stores.values())


def all_percent(feed: Feed) -> float:
    """Uptime of all stores together."""
    return uptime_percent([each for store in feed.stores.values() for each in right(store, feed.now)], feed.now)


def furthest_off(figures: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """What a script says of the store that it is most wrong about, and what is right."""
    return max(figures, key=lambda both: abs(both[0] - both[1]))


def of_one_store(feed: Feed, script: Script) -> tuple[float, float]:
    """Hours down, as a script says, and as is right, of the store that it is most wrong about."""
    now = feed.now
    return furthest_off((hours_down(script, each, now), hours_down(right, each, now)) for each in feed.stores.values())


def share_of_one_store(feed: Feed) -> tuple[float, float]:
    """The share of polls and the percent of uptime where they are furthest apart."""
    polled = [store for store in feed.stores.values() if polls_of_the_week(store, feed.now)]
    return furthest_off(
        (share_of_polls(store, feed.now), uptime_percent(right(store, feed.now), feed.now)) for store in polled
    )


def table(feed: Feed) -> str:
    """The rows: a slip, of which stores, what a script says that makes it, what is right."""
    down, percent = all_down(feed, right), all_percent(feed)
    shares = share_of_one_store(feed)
    rows = [
        *(row(slip, ALL, all_down(feed, script), down, DOWN) for slip, script in OF_ALL_STORES.items()),
        row("counts a poll as an hour", ALL, an_hour_a_poll(feed), down, DOWN),
        row("divides by 24 hours", ALL, of_24_hours(feed), percent, UP),
        row("takes the mean of the stores' percents", ALL, mean_of_percents(feed), percent, UP),
        row("takes the share of polls that say up, not the time between them", ONE, *shares, UP),
        *(row(slip, ONE, *of_one_store(feed, script), DOWN_A_LITTLE) for slip, script in OF_ONE_STORE.items()),
    ]
    return "\n".join(["| a short script that … | of | says | right |", "| --- | --- | --: | --: |", *rows, ""])


def row(slip: str, of: str, said: float, is_right: float, form: str) -> str:
    return f"| {slip} | {of} | {form.format(said)} | {form.format(is_right)} |"


def sample_table() -> str:
    """The table of the sample, which is the same on every machine."""
    with TemporaryDirectory() as name:
        write_sample(name, file_format="parquet")
        return table(read(Path(name)))


def main() -> None:
    """Prints the table, and puts it where README.md has it."""
    printed = sample_table()
    print(printed, end="")
    README.write_text(TABLE.sub(lambda _: printed, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

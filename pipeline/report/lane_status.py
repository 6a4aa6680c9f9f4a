"""The numbers in `Report.lanes`: without Polars, as a server that only draws lanes has none."""

from enum import IntEnum


class LaneStatus(IntEnum):
    """What is known of a store in a minute. Carried: known, but no poll in business hours is within two hours."""

    CLOSED = 0
    UP = 1
    DOWN = 2
    UNKNOWN = 3
    UP_CARRIED = 4
    DOWN_CARRIED = 5

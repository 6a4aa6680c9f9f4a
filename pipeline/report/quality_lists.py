"""The lists of stores in a report, and why a store is on each of them.

LISTS             of a report of the three windows
LISTS_OF_PERIODS  of one by periods, which has a row for each store that is known
"""

LISTS = {
    "not_observed": "business hours or a time zone, but no poll in the time that was read: not in the report",
    "no_hours": "no business hours: taken as open around the clock",
    "no_zone": "no time zone: taken as America/Chicago",
    "unknown_zone": "a time zone that there is not (in tzdata): taken as America/Chicago",
    "several_zones": "several different time zones: the first known one counts",
    "unknown_hours": "every row of business hours rejected: no figures",
    "partly_rejected_hours": "some rows of business hours rejected: computed from the rest",
    "no_known_status": "no poll in business hours: no figures",
    "carried": "no poll in business hours in the day before now: an older one counts as far as max_gap lets it",
}
LISTS_OF_PERIODS = LISTS | {
    "not_observed": "business hours or a time zone, but no poll near the periods: nothing is known"
}

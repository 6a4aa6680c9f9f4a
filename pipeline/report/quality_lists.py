"""The lists of stores in a report, and why a store is on each of them.

LISTS             of a report of the three windows
LISTS_OF_PERIODS  of one by periods, which has a row for each store that is known
"""

LISTS = {
    "not_observed": "hours or a zone, but no poll in the horizon: no row",
    "no_hours": "no hours row: taken as open 24 x 7",
    "no_zone": "no zone row: taken as America/Chicago",
    "unknown_zone": "a zone that tzdata does not know: taken as America/Chicago",
    "several_zones": "several different zones: the first known one counts",
    "unknown_hours": "every hours row rejected: no figures",
    "partly_rejected_hours": "some hours rows rejected: computed from the rest",
    "no_known_status": "no poll in business time: no figures",
    "carried": "no poll in business time in the day before now: an older status is carried",
}
LISTS_OF_PERIODS = LISTS | {"not_observed": "hours or a zone, but no poll near the periods: nothing is known"}

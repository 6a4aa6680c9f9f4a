"""What the routes of overviews answer with, for the OpenAPI document: the tables are made in workers, as bytes.

OverviewOperation                               the figures of all stores of a report
NowOperation, IncidentsOperation, GroupsOperation   tables of a report, as JSON or CSV
SummariesOperation                              some figures of each of many reports
"""

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from store_uptime.service.routes.openapi import ANYTHING, STRING, TEXT, add_tag, list_of, object_with, responses_with

INSTANT = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)
WHOLE, FLAG = Schema(type=OpenAPIType.INTEGER), Schema(type=OpenAPIType.BOOLEAN)
NOTHING = Schema(type=OpenAPIType.NULL)
NUMBER = Schema(type=OpenAPIType.NUMBER)
SHARE = Schema(one_of=[NUMBER, NOTHING])
PERHAPS_INSTANT, PERHAPS_STRING = Schema(one_of=[INSTANT, NOTHING]), Schema(one_of=[STRING, NOTHING])
STORE_NOW = object_with(
    store_id=STRING,
    status=Schema(type=OpenAPIType.STRING, enum=["closed", "up", "down", "unknown"]),
    is_carried=FLAG,
    down_since_utc=PERHAPS_INSTANT,
    down_since_is_cut=FLAG,
    uptime_day_before=WHOLE,
    downtime_day_before=WHOLE,
    uptime_percent_day_before=SHARE,
    change_day=SHARE,
)
INCIDENT = object_with(
    attribute=STRING,
    value=STRING,
    start_utc=INSTANT,
    end_utc=INSTANT,
    stores=WHOLE,
    open=WHOLE,
    share_percent=SHARE,
)
GROUP_DAY = object_with(  # and a member for each attribute
    stores=WHOLE,
    open_now=WHOLE,
    down_now=WHOLE,
    uptime_percent_week=SHARE,
    date=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE),
    open_minutes=WHOLE,
    down_minutes=WHOLE,
    unknown_minutes=WHOLE,
    carried_minutes=WHOLE,
    uptime_percent=SHARE,
)
SUMMARY = object_with(
    report_id=STRING,
    as_of=PERHAPS_INSTANT,
    finished_at=INSTANT,
    schedule=PERHAPS_STRING,
    warning_codes=Schema(type=OpenAPIType.ARRAY, items=STRING),
    max_gap=PERHAPS_STRING,
    lookback=STRING,
)
SUMMARIZED = object_with(
    stores=WHOLE,
    open=WHOLE,
    down=WHOLE,
    unknown=WHOLE,
    uptime_percent_day=SHARE,
    uptime_percent_week=SHARE,
    coverage_percent_week=SHARE,
    groups=ANYTHING,
)
if SUMMARY.properties is not None and SUMMARIZED.properties is not None:
    SUMMARY.properties |= SUMMARIZED.properties  # of a report that has a summary: none of them is required
WINDOW = object_with(uptime_percent=SHARE, before_percent=SHARE, coverage_percent=SHARE, downtime_hours=NUMBER)
CELL = {"open_minutes": WHOLE, "down_minutes": WHOLE, "unknown_minutes": WHOLE}
OVERVIEW = object_with(
    now=INSTANT,
    **dict.fromkeys(("stores", "open", "down", "down_carried", "unknown", "no_recent_poll"), WHOLE),
    day=WINDOW,
    week=WINDOW,
    hours=list_of(object_with(start=INSTANT, **CELL, carried_minutes=WHOLE, down_percent=SHARE)),
    profile=list_of(object_with(weekday=WHOLE, hour=WHOLE, **CELL, down_percent=SHARE)),
)
OVERVIEWS = {"application/json": OpenAPIMediaType(schema=OVERVIEW)}
SUMMARIES = {"application/json": OpenAPIMediaType(schema=object_with(reports=list_of(SUMMARY)))}
NOW_TABLE, INCIDENTS_TABLE, GROUPS_TABLE = (
    {"application/json": OpenAPIMediaType(schema=object_with(now=INSTANT, **{name: list_of(row)})), "text/csv": TEXT}
    for name, row in {"stores": STORE_NOW, "incidents": INCIDENT, "groups": GROUP_DAY}.items()
)


@dataclass
class OverviewOperation(Operation):
    """Answers with the figures of all stores."""

    def __post_init__(self) -> None:
        add_tag(self)
        for response in responses_with(self, "200"):
            response.content = OVERVIEWS


@dataclass
class NowOperation(Operation):
    """Answers with a row for each store, as JSON or CSV."""

    def __post_init__(self) -> None:
        add_tag(self)
        for response in responses_with(self, "200"):
            response.content = NOW_TABLE


@dataclass
class IncidentsOperation(Operation):
    """Answers with a row for each incident, as JSON or CSV."""

    def __post_init__(self) -> None:
        add_tag(self)
        for response in responses_with(self, "200"):
            response.content = INCIDENTS_TABLE


@dataclass
class GroupsOperation(Operation):
    """Answers with a row for each group and day, as JSON or CSV."""

    def __post_init__(self) -> None:
        add_tag(self)
        for response in responses_with(self, "200"):
            response.content = GROUPS_TABLE


@dataclass
class SummariesOperation(Operation):
    """Answers with some figures of each of many reports."""

    def __post_init__(self) -> None:
        add_tag(self)
        for response in responses_with(self, "200"):
            response.content = SUMMARIES

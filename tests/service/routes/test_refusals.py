"""What the API refuses, and how: a problem with a sentence, and nothing of the inside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from litestar import Litestar, Router, get
from litestar.di import Provide
from litestar.params import QueryParameter
from litestar.response import Template
from litestar.routes import HTTPRoute
from litestar.template import TemplateConfig
from litestar.testing import TestClient
from msgspec import inspect

from store_uptime.service.app import HANDLERS
from store_uptime.service.front.problems import HANDLERS as HANDLERS_OF_PROBLEMS, UNEXPECTED
from store_uptime.service.page.templates import template_engine
from store_uptime.service.page.views import views
from store_uptime.service.routes.request_options import selection_of, stores_of
from store_uptime.service.routes.validation import allowed, expected_members, expected_parameters, struct_of
from store_uptime.service.testing import Service
from tests.support.postgres import as_user, eventually, fresh_database, run
from tests.support.running import NUMBERS, complete, finished, held_up, log_lines, problem, running, trigger

UNKNOWN = "0" * 32


@dataclass(frozen=True)
class Refused:
    """A request; the status of its answer, and what the sentence begins with."""

    status: int
    says: str
    path: str = "/trigger_report"
    method: str = "GET"
    sends: dict[str, Any] = field(default_factory=dict)


def body(content: str | bytes | dict[str, Any], says: str, status: int = 400) -> Refused:
    """A trigger that is refused for its body."""
    sends = {"json": content} if isinstance(content, dict) else {"content": content}
    return Refused(status, says, method="POST", sends=sends)


NO_REPORT = "There is no report with this id."
NOT_KEPT = "This report is not kept any more. Trigger a new one."
NO_RESULT = "This report has no result: the database has no accepted poll from 1999"
NO_ADDRESS = "There is nothing at this address; /schema shows what there is."
NO_METHOD = "This address does not take this method; /schema shows which it takes."
OUTSIDE = "is outside the calendar: in UTC it is not in the years 1 to 9999."
A_STORE = "text without zero bytes of at most 1000 characters or a whole number"
NOT_IN_CALENDAR = "is not all in the years 1 to 9999. Choose another now or a shorter lookback."
OF_REPORT = {
    "its file": "/get_report/{id}",
    "its file by query": "/get_report?report_id={id}",
    "its status": "/get_report/{id}?status_only=true",
    "its file as XLSX": "/get_report/{id}?format=xlsx",
    "its details": "/reports/{id}",
    "its rejects": "/reports/{id}/rejects?table=polls",
    "its events": "/reports/{id}/events",
    "its timelines": "/timeline?store_id=a&report_id={id}",
}
MEMBERS = "period, from, to, on, by, group_by, only, store_id, now, columns, max_gap"
NO_IDS = {
    "unknown": UNKNOWN,
    "no id": "nope",
    "capitals": "A" * 32,
    "a zero byte": "%00",
    "a zero byte after an id": UNKNOWN + "%00",
    "a byte that is no text": "%FF",
    "half a surrogate pair": "%ED%A0%80",
    "dots": "%2e%2e",
    "a line end": UNKNOWN + "%0A",
    "SQL": "'%20or%20true%20--",
    "very long": "0" * 4_000,
}
WRONG = {
    "too long a key": Refused(
        400,
        "Idempotency-Key must be text of at most 255 characters, not",
        method="POST",
        sends={"headers": {"Idempotency-Key": "k" * 256}},
    ),
    "unknown address": Refused(404, NO_ADDRESS, "/nothing"),
    "unknown address below another": Refused(404, NO_ADDRESS, "/get_report/a/b"),
    "a way up": Refused(404, NO_ADDRESS, "/get_report/..%2F..%2Fetc%2Fpasswd"),
    "unknown address of a report": Refused(404, NO_ADDRESS, f"/reports/{UNKNOWN}/nothing"),
    "unknown address of the page": Refused(404, NO_ADDRESS, "/page/nothing.js"),
    "unknown address of the schema": Refused(404, NO_ADDRESS, "/schema/nothing"),
    "get for post": Refused(405, NO_METHOD, "/trigger_report"),
    "post for get": Refused(405, NO_METHOD, f"/get_report/{UNKNOWN}", "POST"),
    "put": Refused(405, NO_METHOD, f"/reports/{UNKNOWN}", "PUT"),
    "delete of all": Refused(405, NO_METHOD, "/reports", "DELETE"),
    "a large body": body("[" * 65_537, "The body of this request is larger than the server takes.", 413),
    "no JSON": body("store_id=5", "The body of this request is not JSON from line 1, column 1 on."),
    "half of it": body('{"store_id": ', "The body of this request is not JSON from line 1, column 14 on."),
    "a list": body("[]", f"The body must be a JSON object with {MEMBERS} or lookback, not []."),
    "a text": body('"all"', f'The body must be a JSON object with {MEMBERS} or lookback, not "all".'),
    "no number": body('{"now": NaN}', "The body of this request cannot be read as JSON."),
    "a number beyond all": body('{"now": 1e999}', "The body of this request cannot be read as JSON."),
    "a long number": body(f'{{"now": {"1" * 5_000}}}', "The body of this request cannot be read as JSON."),
    "a member twice": body('{"now": 5, "now": "2026-03-09"}', "now is given 2 times: give it once."),
    "an attribute twice": body('{"only": {"city": "A", "city": "B"}}', '"city" is given 2 times: give it once.'),
    "a schedule with a member twice": Refused(
        400,
        "cron is given 2 times: give it once.",
        "/schedules",
        "POST",
        {"content": '{"name": "x", "cron": "0 0 * * *", "cron": "0 1 * * *"}'},
    ),
    "a body where none is taken": Refused(
        400, 'There is no member "x": the body takes none.', "/schedules/h/run", "POST", {"json": {"x": 1}}
    ),
    "what is no JSON where nothing is taken": Refused(
        400, "The body of this request is not JSON from", "/schedules/h/run", "POST", {"content": "garbage{"}
    ),
    "a list where nothing is taken": Refused(
        400, "The body must be a JSON object without members, or nothing, not [].", "/sample_data", "POST", {"json": []}
    ),
    "a body of a deletion": Refused(
        400, 'There is no member "x": the body takes none.', f"/reports/{UNKNOWN}", "DELETE", {"json": {"x": 1}}
    ),
    "bytes that are no text": body(b'{"store_id":"\xff"}', "The body of this request is not UTF-8."),
    "half a surrogate pair": body('{"store_id":"\\ud800"}', ""),
    "an unknown member": body(
        {"columms": "plain"},
        f'There is no member "columms": the body takes {MEMBERS} and lookback. Did you mean col',
    ),
    "two that do not fit": body(
        {"columns": 1, "store_id": []},
        f"store_id must be {A_STORE}, not []. columns must be extended or plain, not 1.",
    ),
    "a fraction for a store": body('{"store_id": 1.0}', f"store_id must be {A_STORE}, not 1.0."),
    "a power for a store": body('{"store_id": 1e3}', f"store_id must be {A_STORE}, not 1000.0."),
    "a truth for a store": body({"store_id": True}, f"store_id must be {A_STORE}, not true."),
    "a zero byte": body({"store_id": "a\0"}, f'store_id must be {A_STORE}, not "a\\u0000".'),
    "a very long store": body({"store_id": "a" * 1_001}, f'store_id must be {A_STORE}, not "aaaa'),
    "a word for now": body(
        {"now": "yesterday"}, "now: 'yesterday' is not an instant: write 2026-03-09, 2026-03-09T12:00 or"
    ),
    "an empty now": body({"now": ""}, "now: '' is not an instant: write 2026-03-09,"),
    "a day that is none": body(
        {"now": "2026-02-30T00:00:00Z"}, "now: '2026-02-30T00:00:00Z' is not an instant: there is"
    ),
    "a list for now": body({"now": []}, "now must be text, not []."),
    "a leap in the calendar": body({"now": "0001-01-01T00:00:00+05:00"}, f"now: '0001-01-01T00:00:00+05:00' {OUTSIDE}"),
    "one at its end": body({"now": "9999-12-31T23:59:59-05:00"}, f"now: '9999-12-31T23:59:59-05:00' {OUTSIDE}"),
    "other columns": body({"columns": "all"}, 'columns must be extended or plain, not "all".'),
    "no columns": body({"columns": None}, "columns must be extended or plain, not null."),
    "a gap of nothing": body({"max_gap": "0h"}, "max_gap: '0h' is too short: it must be more than 0h."),
    "a negative gap": body({"max_gap": "-2h"}, "max_gap: '-2h' is not a duration: write 90m, 2h or 1d12h"),
    "a number for a gap": body({"max_gap": 90}, "max_gap must be text, not 90."),
    "an empty gap": body({"max_gap": ""}, "max_gap: '' is not a duration: write 90m, 2h or 1d12h"),
    "a gap beyond all time": body(
        {"max_gap": "999999999d24h"}, "max_gap: '999999999d24h' is longer than a duration may be"
    ),
    "a lookback without unit": body({"lookback": "24"}, "lookback: '24' is not a duration: write 90m, 2h or 1d12h"),
    "before the calendar": body({"now": "0001-01-05T00:00:00Z"}, "a week and 24h before 0001-01-05", 422),
    "after it": body({"now": "9999-12-31T00:00:00Z"}, "now 9999-12-31T00:00:00Z is too late,", 422),
    "a look back beyond it": body({"lookback": "999999999d"}, "a week and 999999999d before 2026", 422),
    "unknown store": body({"store_id": "none"}, "no poll in the database has the store id 'none'.", 404),
    "a store in quotes": body({"store_id": "' or '1'='1"}, "no poll in the database has the store id \"' or", 404),
    "no id": Refused(400, "report_id is missing; it must be text.", "/get_report"),
    "an empty id": Refused(400, "report_id is missing; it must be text.", "/get_report?report_id="),
    "an empty table": Refused(
        400, "table is missing; it must be hours, polls, stores or zones.", f"/reports/{UNKNOWN}/rejects?table="
    ),
    "a status that is no answer": Refused(
        400, 'status_only must be true or false, not "perhaps".', f"/get_report/{UNKNOWN}?status_only=perhaps"
    ),
    "another format": Refused(
        400, 'format must be csv, json, parquet or xlsx, not "pdf".', f"/get_report/{UNKNOWN}?format=pdf"
    ),
    "columns of a file": Refused(
        400, 'columns must be extended or plain, not "all".', f"/get_report/{UNKNOWN}?columns=all"
    ),
    "no table": Refused(
        400, "table is missing; it must be hours, polls, stores or zones.", f"/reports/{UNKNOWN}/rejects"
    ),
    "another table": Refused(
        400, 'table must be hours, polls, stores or zones, not "pg".', f"/reports/{UNKNOWN}/rejects?table=pg"
    ),
    "no limit": Refused(400, 'limit must be a whole number from 1 to 200, not "0".', "/reports?limit=0"),
    "a large limit": Refused(400, 'limit must be a whole number from 1 to 200, not "201".', "/reports?limit=201"),
    "a limit in words": Refused(400, 'limit must be a whole number from 1 to 200, not "ten".', "/reports?limit=ten"),
    "an unknown status": Refused(400, 'status must be Complete, Error or Running, not "Done".', "/reports?status=Done"),
    "after what is longer than an id": Refused(
        400, "after must be text without zero bytes of at most 32 characters, not", "/reports?after=" + "0" * 33
    ),
    "after a zero byte": Refused(400, "after must be text without zero bytes", "/reports?after=%00"),
    "history of a zero byte": Refused(400, "store_id must be text without zero bytes", "/reports?store_id=%00"),
    "no store": Refused(400, "store_id is missing; it must be text", "/timeline"),
    "an empty store": Refused(400, "store_id is missing; it must be text without zero", "/timeline?store_id="),
    "a timeline of a zero byte": Refused(400, "store_id must be text without zero bytes", "/timeline?store_id=%00"),
    "a timeline as XLSX": Refused(400, 'format must be csv or json, not "xlsx".', "/timeline?store_id=a&format=xlsx"),
    "a trigger with a query": Refused(
        400, 'There is no parameter "store_id": this address takes none.', "/trigger_report?store_id=s1", "POST"
    ),
    "parameters that nothing goes by": Refused(
        400,
        'There is no parameter "colums": this address takes format, columns, csv_safe, status_only, search, down_now, '
        "below, window, zone, unknown, only, got_worse and no_recent_poll. Did you mean columns? "
        'There is no parameter "formt":',
        f"/get_report/{UNKNOWN}?colums=extended&formt=json",
    ),
    "a parameter of operations": Refused(400, 'There is no parameter "x": this address takes none.', "/health?x=1"),
    "a parameter twice": Refused(400, "limit is given 2 times: give it once.", "/reports?limit=1&limit=2"),
    "a share that is none": Refused(400, "below: 'much' is not a share", f"/get_report/{UNKNOWN}?below=much"),
    "a timeline of nobody": Refused(404, "no poll in the database has the store id 'a'.", "/timeline?store_id=a"),
    "no stores": Refused(400, 'limit must be a whole number from 1 to 1000, not "0".', "/stores?limit=0"),
    "too many stores": Refused(400, 'limit must be a whole number from 1 to 1000, not "1001".', "/stores?limit=1001"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused_in_a_sentence(client: httpx.Client, case: Refused) -> None:
    answer = client.request(case.method, case.path, **case.sends)
    assert problem(answer, case.status).startswith(case.says)


@pytest.mark.parametrize(
    ("accept", "media"), [("text/html,*/*;q=0.8", "text/html"), ("*/*", "application/problem+json")]
)
def test_a_mistake_of_ours_on_the_page_is_a_page_for_a_browser(accept: str, media: str) -> None:
    @get("/broken")
    async def broken() -> Template:
        return Template("problem.html", context={})  # `detail` is missing, which is known when it is written only

    view = Router("/", route_handlers=[broken], exception_handlers=views.exception_handlers)
    app = Litestar(
        [view], template_config=TemplateConfig(instance=template_engine()), exception_handlers=HANDLERS_OF_PROBLEMS
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (500, media)
    assert UNEXPECTED in answer.text


def test_there_are_words_for_everything_that_a_request_may_hold() -> None:
    providers: dict[str, Any] = {
        "selection": selection_of,
        "stores_chosen": stores_of,
        "backend": lambda: None,
        "caller": lambda: None,
    }
    app = Litestar(
        HANDLERS, dependencies={name: Provide(each, sync_to_thread=False) for name, each in providers.items()}
    )
    handlers = [handler for route in app.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers]
    expected = [each for handler in handlers for each in expected_parameters(handler, QueryParameter).values()]
    for handler in handlers:
        if handler.parsed_data_field is not None:
            expected += expected_members(struct_of(handler.parsed_data_field)).values()
    words = {each.name: allowed(inspect.type_info(each.hint)) for each in expected}
    assert len(words) > 25
    assert all(words.values())


def test_a_time_outside_the_calendar_is_refused_with_what_to_do(client: httpx.Client) -> None:
    answer = client.post("/trigger_report", json={"now": "0001-01-05T00:00:00Z"})
    assert problem(answer, 422).endswith(NOT_IN_CALENDAR)


def test_a_large_body_is_refused_though_its_length_is_not_told(client: httpx.Client) -> None:
    answer = client.post("/trigger_report", content=iter([b"[" * 40_000] * 2))
    assert problem(answer, 413) == "The body of this request is larger than the server takes."


@pytest.mark.parametrize("path", OF_REPORT.values(), ids=OF_REPORT)
@pytest.mark.parametrize("report_id", NO_IDS.values(), ids=NO_IDS)
def test_a_report_that_never_was_is_not_found(client: httpx.Client, path: str, report_id: str) -> None:
    assert problem(client.get(path.format(id=report_id)), 404) == NO_REPORT


@pytest.mark.parametrize("report_id", NO_IDS.values(), ids=NO_IDS)
def test_nor_can_it_be_deleted(client: httpx.Client, report_id: str) -> None:
    assert problem(client.delete(f"/reports/{report_id}"), 404) == NO_REPORT


@pytest.fixture(scope="module")
def gone(quick: httpx.Client) -> str:
    """The id of a report that was deleted."""
    report_id = complete(quick, lookback="19h")
    assert quick.delete(f"/reports/{report_id}").status_code == 204
    return report_id


@pytest.mark.parametrize("path", OF_REPORT.values(), ids=OF_REPORT)
def test_a_report_that_was_deleted_is_gone(client: httpx.Client, gone: str, path: str) -> None:
    assert problem(client.get(path.format(id=gone)), 410) == NOT_KEPT
    assert problem(client.delete(f"/reports/{gone}"), 410) == NOT_KEPT


RESULTS = [OF_REPORT["its rejects"], OF_REPORT["its timelines"]]


@pytest.mark.parametrize("path", RESULTS)
def test_what_comes_with_the_result_is_not_there_while_a_report_runs(
    client: httpx.Client, polled: str, path: str
) -> None:
    with held_up(polled):
        report_id = trigger(client, lookback=f"{next(NUMBERS)}s")
        assert problem(client.get(path.format(id=report_id)), 409) == (
            "This report is still running. Ask again when it is complete."
        )
    finished(client, report_id)


@pytest.mark.parametrize("path", RESULTS)
def test_nor_where_it_failed(client: httpx.Client, path: str) -> None:
    report_id = trigger(client, now="2000-01-01T00:00:00Z")
    finished(client, report_id)
    assert problem(client.get(path.format(id=report_id)), 409).startswith(NO_RESULT)


def test_a_database_that_refuses_is_said_without_saying_where(polled: str, server: str) -> None:
    run(server, "create role poor login")
    with fresh_database(server) as registry, running(as_user(polled, "poor"), "--registry", registry) as service:
        with service.client() as client:
            answer = client.post("/trigger_report")
            assert problem(answer, 503) == (
                "The tables of polls, hours and zones cannot be read just now; the server's log says why."
            )
            assert answer.headers["Retry-After"] == "5"
        eventually(lambda: log_lines(service, cause="source"))  # the line of a request is written after its answer
        assert "permission denied for store_status.store_id" in log_lines(service, cause="source")[-1]["reason"]
    run(server, "drop role poor")


@pytest.fixture(scope="module")
def quick(service: Service) -> Iterator[httpx.Client]:
    """A client for the fixtures that last."""
    with service.client() as client:
        yield client

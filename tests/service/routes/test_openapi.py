"""The OpenAPI document: it is whole, the service keeps to it, and a client made from it works.

schemathesis makes requests from the document, fitting and unfitting ones, and compares the answers with it.
"""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis

from store_uptime.service.app import HANDLERS
from store_uptime.service.testing import Service
from tests.support.feeds import called
from tests.support.postgres import eventually, free_port, fresh_database
from tests.support.profiles import examples
from tests.support.running import CLASSIC_HEADER, complete, finished, problem, running, started, trigger

DOCUMENT = "/schema/openapi.json"
OPEN = {"health", "ready", "sign_in"}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
CLASSIC = {"trigger_report", "get_report", "get_report_by_query"}
TOOLS = Path(sys.executable).parent
BODIES = {
    "sign_in": {"key": "su_00000000_none"},
    "add_schedule": {"name": "never", "cron": "0 0 1 1 *"},
    "change_schedule": {"cron": "0 0 1 1 *"},
    "deliver": {"to": "nowhere"},
}


@dataclass(frozen=True)
class Operation:
    """An operation as the document tells it."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def name(self) -> str:
        """What generated clients call it."""
        return self.told["operationId"]

    def asked(self, client: httpx.Client) -> httpx.Response:
        """The answer to a request that fits, about a report, a schedule and a store that there are not."""
        path = self.path.format(report_id="0" * 32, name="never")
        asked = {"report_id": "0" * 32, "store_id": "1", "table": "polls"}
        needed = {
            each["name"] for each in self.told.get("parameters", []) if each["in"] == "query" and each["required"]
        }
        params = {name: value for name, value in asked.items() if name in needed}
        return client.request(self.method, path, params=params, json=BODIES.get(self.name))


# Requests made from it ------------------------------------------------------------------------------------------------

SETTINGS = """
seed = 1
[generation]
deterministic = true
database = "none"
[checks.positive_data_acceptance]  # each of these has its line in the document
expected-statuses = ["2xx", "3xx", "401", "404", "406", "409", "410", "422", "429"]
[parameters]
report_id = {{ dictionary = "reports", probability = 0.5 }}
store_id = {{ dictionary = "stores", probability = 0.5 }}
name = {{ dictionary = "schedules", probability = 0.5 }}
[dictionaries]
reports.values = {reports}
doomed.values = {doomed}
stores.values = {stores}
schedules.values = {schedules}
removed.values = {removed}
crons.values = ["0 0 1 1 *", "15 6 * * 1-5", "hourly"]
attributes.values = ["", "city", "brand,zone"]
zones.values = ["UTC", "Europe/Berlin", "Mars"]
[[operations]]
include-method = "DELETE"
[operations.parameters]
report_id = {{ dictionary = "doomed", probability = 0.5 }}
name = {{ dictionary = "removed", probability = 0.5 }}
[[operations]]
include-name = "POST /trigger_report"  # takes null, untold: clients made from the document could not send it
[operations.checks.negative_data_rejection]
expected-statuses = ["202", "400", "401", "404", "422", "429"]
[operations.checks.positive_data_acceptance]  # nor does a pattern say which members a report by periods needs
expected-statuses = ["2xx", "400", "401", "404", "422", "429"]
[[operations]]
include-name = "POST /schedules"  # no pattern says what a cron expression, a zone or an address is
[operations.parameters]
"body.cron" = {{ dictionary = "crons", probability = 0.9 }}
"body.zone" = {{ dictionary = "zones", probability = 0.9 }}
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "409", "422", "429"]
[[operations]]
include-name = "GET /schedules/next"
[operations.parameters]
cron = {{ dictionary = "crons", probability = 0.9 }}
zone = {{ dictionary = "zones", probability = 0.9 }}
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "429"]
[[operations]]
include-name = "PUT /schedules/{{name}}"
[operations.parameters]
name = {{ dictionary = "schedules", probability = 0.9 }}
"body.name" = {{ dictionary = "schedules", probability = 0.9 }}
"body.cron" = {{ dictionary = "crons", probability = 0.9 }}
"body.zone" = {{ dictionary = "zones", probability = 0.9 }}
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "404", "422", "429"]
"""
SETTINGS += "".join(
    f"""
[[operations]]
include-name = "GET /reports/{{{{report_id}}}}/{table}"  # no pattern says which attributes stores have
[operations.parameters]
"query.by" = {{{{ dictionary = "attributes", probability = 0.9 }}}}
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "404", "409", "410", "429"]
"""
    for table in ("incidents", "groups")
)
SCHEDULES, REMOVED = ["morning", "noon"], ["evening", "night"]


@pytest.fixture(scope="module")
def service(server: str, polled: str) -> Iterator[Service]:
    """A service with a registry of its own, which will hold whatever comes to mind."""
    with fresh_database(server) as registry, running(polled, "--registry", registry) as service:
        yield service


@pytest.fixture(scope="module")
def settings(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of schemathesis, so that it does not guess: reports in every state that lasts, stores, schedules."""
    with service.client() as client:
        kept = [trigger(client), trigger(client, now="2001-01-01T00:00:00Z")]
        doomed = [trigger(client, lookback=f"{hours}h") for hours in range(3)]
        for report_id in kept + doomed:
            finished(client, report_id)
        client.delete(f"/reports/{doomed[0]}")
        stores = client.get("/stores", params={"limit": 3}).json()["stores"]
        for name in (*SCHEDULES, *REMOVED):
            client.post("/schedules", json={"name": name, "cron": "0 0 1 1 *"}).raise_for_status()
    path = tmp_path_factory.mktemp("schemathesis") / "settings.toml"
    known = {"reports": [*kept, doomed[0]], "doomed": doomed, "stores": stores}
    path.write_text(SETTINGS.format(**known, schedules=SCHEDULES, removed=REMOVED), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "phases",
    [
        pytest.param("fuzzing,stateful", marks=pytest.mark.long),
        pytest.param("examples,coverage,fuzzing,stateful", marks=pytest.mark.nightly),
    ],
)
def test_every_operation_answers_as_the_document_says_in_whatever_order(
    phases: str, service: Service, settings: Path
) -> None:
    compared(service, settings, "--phases", phases, "--max-examples", str(examples(2).max_examples))


def compared(service: Service, settings: Path, *options: str) -> None:
    """Have schemathesis compare what a server answers with what its document says."""
    program("schemathesis", "--config-file", settings, "run", *options, service.url + DOCUMENT, cwd=settings.parent)


def program(name: str, *arguments: str | Path, cwd: Path) -> None:
    """Run a tool of the development environment; it must succeed."""
    done = subprocess.run([TOOLS / name, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# The document itself --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    """The document as the server gives it."""
    with service.client() as client:
        return client.get(DOCUMENT).raise_for_status().json()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation of it."""
    methods = [(path, method, told) for path, item in document["paths"].items() for method, told in item.items()]
    return [Operation(method.upper(), path, told) for path, method, told in methods]


def test_every_operation_is_in_it_but_those_of_pages(operations: list[Operation]) -> None:
    served = {
        (method, re.sub(r":\w+}", "}", path))
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }
    pages = {("GET", "/")}
    told = {(operation.method, operation.path) for operation in operations}
    assert {which for which in served if which[0] != "OPTIONS"} - pages == told


def test_every_operation_says_what_it_is(document: dict[str, Any], operations: list[Operation]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for operation in operations:
        assert operation.told["summary"]
        assert operation.told["description"]
        assert set(operation.told["tags"]) <= tags
        assert all(answer["description"] for answer in operation.told["responses"].values())


def test_no_two_operations_have_the_same_name(operations: list[Operation]) -> None:
    assert len({operation.name for operation in operations}) == len(operations)


def test_every_error_is_a_problem(document: dict[str, Any], operations: list[Operation]) -> None:
    others = {
        (each.name, status)
        for each in operations
        for status, told in each.told["responses"].items()
        if status >= "400"
        and told["content"] != {f"application/{'json' if each.name in CLASSIC else 'problem+json'}": PROBLEM}
    }
    assert others == {("ready", "503")}  # which says what is missing
    assert set(document["components"]["schemas"]["Problem"]["required"]) == {
        "type",
        "status",
        "title",
        "detail",
        "error",
    }


def test_it_names_what_opens_an_operation(document: dict[str, Any], operations: list[Operation]) -> None:
    assert document["security"] == [{}, {"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert {operation.name for operation in operations if operation.told.get("security") == [{}]} == OPEN


def test_it_can_be_had_as_yaml(client: httpx.Client, document: dict[str, Any]) -> None:
    lines = client.get("/schema/openapi.yaml").raise_for_status().text.splitlines()
    assert {f"  {path}:" for path in document["paths"]} <= set(lines)


def test_its_page_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/schema").text
    files = re.findall(r'<(?:link|script)[^>]* (?:src|href)="([^"]+)"', page)
    assert len(files) == 5
    assert all(client.get(file).is_success for file in files if not file.startswith("data:"))
    assert "//" not in page.replace("<!doctype", "")
    assert '<a href="/">' in page  # and it leads back


# What it cannot show --------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_where_there_is_a_key_everything_asks_for_one_but_what_the_document_names(
    server: str, polled: str, operations: list[Operation], tmp_path: Path
) -> None:
    with fresh_database(server) as registry, running(polled, "--registry", registry) as guarded:
        assert called("keys", "add", "somebody", "--registry", registry).returncode == 0
        with guarded.client() as client:
            refused = {operation.name for operation in operations if operation.asked(client).status_code == 401}
    assert refused == {operation.name for operation in operations} - OPEN | {"sign_in"}  # which was shown a wrong one


@pytest.mark.long
def test_while_the_database_is_away_every_answer_is_as_documented(operations: list[Operation]) -> None:
    with started(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing") as waiting, waiting.client() as client:
        schema = schemathesis.openapi.from_url(waiting.url + DOCUMENT)
        for operation in operations:
            answer = operation.asked(client)
            assert answer.status_code == (200 if operation.name == "health" else 503), operation.name
            assert answer.headers["Content-Type"] in operation.told["responses"][str(answer.status_code)]["content"]
            schema[operation.path][operation.method].validate_response(answer)


def test_it_says_what_the_members_of_a_report_by_periods_are(document: dict[str, Any]) -> None:
    asked = document["components"]["schemas"]["TriggerRequest"]["properties"]
    for name in ("period", "from", "to", "on", "by", "group_by", "only"):
        assert asked[name]["description"].endswith((".", "…")), name
    assert (asked["from"]["maxLength"], asked["from"]["pattern"]) == (1000, asked["store_id"]["pattern"])


def test_it_has_the_patterns_of_what_is_refused_in_better_words(document: dict[str, Any]) -> None:
    asked = document["components"]["schemas"]["TriggerRequest"]["properties"]
    fits = {
        "max_gap": {"90m": True, "1d12h": True, "2 hours": False, "0h": False},
        "lookback": {"0h": True, "": False},
    }
    for field, texts in fits.items():
        least = asked[field]["minLength"]
        assert {text: len(text) >= least and bool(re.match(asked[field]["pattern"], text)) for text in texts} == texts


@pytest.mark.parametrize(
    "address", ["/reports?status=null", "/reports?status=null&status=null", "/get_report/1?format=null"]
)
def test_nothing_is_left_out_by_a_word_for_it(client: httpx.Client, address: str) -> None:
    assert problem(client.get(address), 400).startswith(("status ", "format "))


def test_what_is_empty_counts_as_left_out(client: httpx.Client) -> None:
    assert client.get("/reports?status=&store_id=&after=").json() == client.get("/reports").json()
    assert client.get("/stores?prefix=&after=").json() == client.get("/stores").json()


def test_a_time_is_no_number(client: httpx.Client) -> None:
    assert problem(client.post("/trigger_report", json={"now": 0}), 400) == "now must be text, not 0."


# A client made from it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Client:
    """A client whose code was made from the document, and which knows nothing else."""

    package: str
    connection: Any

    def call(self, operation: str, *arguments: str, **values: Any) -> Any:
        """What the function of an operation, such as `reports.get_report`, gives."""
        function = importlib.import_module(f"{self.package}.api.{operation}").sync
        return function(*arguments, client=self.connection, **values)

    def model(self, name: str) -> Any:
        """A class of values."""
        return getattr(importlib.import_module(f"{self.package}.models"), name)


@pytest.fixture
def generated(
    service: Service, document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """A client made by openapi-python-client."""
    (tmp_path / "document.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "settings.yaml").write_text("post_hooks: []", encoding="utf-8")
    options = ["--path", "document.json", "--config", "settings.yaml", "--meta", "none", "--fail-on-warning"]
    program("openapi-python-client", "generate", *options, "--output-path", "uptime_client", cwd=tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with importlib.import_module("uptime_client").Client(service.url, raise_on_unexpected_status=True) as connection:
        yield Client("uptime_client", connection)


def test_a_client_made_from_it_triggers_watches_and_fetches_a_report(generated: Client) -> None:
    asked = generated.model("TriggerRequest")(lookback="36h")
    report_id = generated.call("reports.trigger_report", body=asked).report_id

    def status() -> Any:
        return generated.call("reports.report_status", report_id)

    eventually(lambda: status().status == "Complete", 60)
    assert status().options.lookback == "1d12h"
    assert status().requested_at <= status().finished_at <= datetime.now(UTC)
    details = generated.call("history.report_details", report_id)
    assert details.report == status()
    assert details.provenance.horizon[1] == details.provenance.now
    assert details.quality.tables["polls"].accepted > 0
    csv = generated.call("reports.get_report", report_id)
    assert csv.splitlines()[0] == CLASSIC_HEADER
    extended = generated.call("reports.get_report", report_id, columns=generated.model("GetReportColumns").EXTENDED)
    assert len(extended) > len(csv)
    assert generated.call("reports.get_report_by_query", report_id=report_id) == csv


def test_it_needs_no_body_and_takes_numbers_and_instants(generated: Client, service: Service) -> None:
    assert generated.call("reports.trigger_report").report_id
    with service.client() as client:
        store = client.get("/stores").json()["stores"][0]
        newest = client.get("/timeline", params={"store_id": store}).json()["polls"][-1]
    now = datetime.fromisoformat(newest["poll_utc"])
    asked = generated.model("TriggerRequest")(store_id=store, now=now, max_gap="2h")
    report_id = generated.call("reports.trigger_report", body=asked).report_id
    assert generated.call("reports.report_status", report_id).options.now == now
    numbered = generated.model("TriggerRequest")(store_id=8419537941919820732)
    assert "'8419537941919820732'" in generated.call("reports.trigger_report", body=numbered).error


def test_the_document_has_every_member_of_provenance_and_quality(
    document: dict[str, Any], client: httpx.Client
) -> None:
    schemas = {
        name: told["properties"].keys()
        for name, told in document["components"]["schemas"].items()
        if "properties" in told
    }
    report_id = complete(client)
    about = client.get(f"/get_report/{report_id}?format=json&search=a").json()
    by_periods = complete(
        client, period="7d", group_by="store_id", only={"store_id": client.get("/stores").json()["stores"]}
    )
    of_periods = client.get(f"/reports/{by_periods}").json()
    # mapping is there where there is one
    assert about["provenance"].keys() | of_periods["provenance"].keys() | {"mapping"} == schemas["Provenance"]
    assert of_periods["provenance"]["periods"].keys() == schemas["ListedPeriods"]
    assert of_periods.keys() | {"notes", "deliveries", "sealed"} == schemas["ReportDetails"]
    assert of_periods["coverage"][0].keys() == schemas["GroupCoverage"]
    assert about["provenance"]["selection"].keys() <= schemas["Selected"]
    assert about["quality"].keys() == schemas["Quality"]
    # which is there where files were left unopened
    assert about["quality"]["tables"]["polls"].keys() | {"files_not_opened"} == schemas["TableQuality"]

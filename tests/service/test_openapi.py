"""The OpenAPI document: it is whole, the service keeps to it, and a client made from it works.

schemathesis makes requests from the document, fitting and unfitting ones, and compares the answers with it.
"""

import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.specs.openapi.schemas import OpenApiSchema

from service.app import HANDLERS
from tests.postgres import fresh_database, free_port
from tests.service.running import CLASSIC_HEADER, Running, finished, running, started, trigger

DOCUMENT = "/schema/openapi.json"
PAGES = {"/", "/schema/start.js"}
OPEN = {"health", "ready", "sign_in"}
ANSWERED = {"report_id": "0" * 32, "store_id": "1", "table": "polls"}

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
[dictionaries]
reports.values = {reports}
doomed.values = {doomed}
stores.values = {stores}
[[operations]]
include-method = "DELETE"
[operations.parameters]
report_id = {{ dictionary = "doomed", probability = 0.5 }}
"""


@pytest.fixture(scope="module")
def settings(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of schemathesis, with reports in every state that lasts, and stores, so that it does not guess."""
    with service.client() as client:
        kept = [trigger(client), trigger(client, now="2001-01-01T00:00:00Z")]
        doomed = [trigger(client, lookback=f"{hours}h") for hours in range(3)]
        for report_id in kept + doomed:
            finished(client, report_id)
        client.delete(f"/reports/{doomed[0]}")
        stores = client.get("/stores", params={"limit": 3}).json()["stores"]
    path = tmp_path_factory.mktemp("schemathesis") / "settings.toml"
    path.write_text(SETTINGS.format(reports=[*kept, doomed[0]], doomed=doomed, stores=stores), encoding="utf-8")
    return path


def test_every_operation_answers_as_the_document_says(service: Running, settings: Path) -> None:
    compared(service, settings, "--phases", "coverage,fuzzing", "--max-examples", "10")


@pytest.mark.long
def test_so_it_does_whatever_is_asked_in_whatever_order(service: Running, settings: Path) -> None:
    compared(service, settings, "--max-examples", "200")


def compared(service: Running, settings: Path, *options: str) -> None:
    """Have schemathesis compare what a server answers with what its document says."""
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", settings, "run", "--no-color"]
    done = subprocess.run(
        [*command, *options, service.url + DOCUMENT], cwd=settings.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)

"""The address that is a problem's type leads to what it means."""

import httpx
import pytest

from store_uptime.service.front.problem_types import all_problem_types
from tests.support.running import problem


def test_the_type_of_an_answer_leads_to_a_page_about_it(client: httpx.Client) -> None:
    answer = client.get("/get_report/none", headers={"Accept": "application/json"})
    assert answer.json()["type"] == "/problems/unknown-report"
    page = client.get(answer.json()["type"]).raise_for_status()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "there never was a report of this id" in page.text


@pytest.mark.parametrize(("kind", "status"), all_problem_types().items())
def test_every_type_has_a_page_with_its_status(client: httpx.Client, kind: str, status: int) -> None:
    assert f"<dt>Status</dt><dd>{status}</dd>" in client.get(kind).raise_for_status().text


def test_one_page_has_them_all(client: httpx.Client) -> None:
    page = client.get("/problems").raise_for_status().text
    assert [kind for kind in all_problem_types() if kind not in page] == []


def test_a_type_that_there_is_not_leads_nowhere(client: httpx.Client) -> None:
    problem(client.get("/problems/none"), 404)
    assert client.get("/problems/none").json()["type"] == "/problems/nothing-here"

"""The API over HTTP: what older clients rely on, and all of what is new."""

import httpx

from tests.service.running import CLASSIC_HEADER, finished, trigger


def test_a_report_is_triggered_watched_and_fetched_as_ever(client: httpx.Client) -> None:
    answer = client.post("/trigger_report")
    assert answer.status_code == 202
    report_id = answer.json()["report_id"]
    assert finished(client, report_id)["status"] == "Complete"
    file = client.get(f"/get_report/{report_id}")
    assert file.headers["X-Report-Status"] == "Complete"
    assert file.headers["Content-Disposition"] == f'attachment; filename="{report_id}.csv"'
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.text.splitlines()[0] == CLASSIC_HEADER
    assert len(file.text.splitlines()) == 41


def test_both_ways_to_name_a_report_give_the_same(client: httpx.Client) -> None:
    report_id = trigger(client)
    finished(client, report_id)
    assert (
        client.get("/get_report", params={"report_id": report_id}).content
        == client.get(f"/get_report/{report_id}").content
    )

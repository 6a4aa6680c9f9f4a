"""What starts a service for tests and demonstrations."""

from pathlib import Path

import httpx
import pytest

from store_uptime.service.testing import NotServing, ReportNotMade, await_report, complete_report, serving, started
from store_uptime.service.testing.browser import NoBrowser, launched
from tests.support.feeds import surroundings

NOBODY = "postgresql://me@127.0.0.1:1/none"


def test_a_server_that_ends_at_once_is_told_with_its_last_words() -> None:
    with (
        pytest.raises(NotServing, match=r"the service has ended; its last words: store-uptime: .*--sauce"),
        serving("--sauce", environment=surroundings()),
    ):
        pass


def test_a_folder_of_the_same_name_where_one_stands_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    with started("--database", NOBODY, environment=surroundings()) as service, service.client() as client:
        assert client.get("/health").is_success
        assert not service.is_ready()
        assert service.stop() == 0


def test_a_report_that_is_refused_fails_or_takes_too_long_is_an_error_with_its_reason() -> None:
    answers = iter(
        [
            httpx.Response(404, text="There is no store 'x'."),
            httpx.Response(202, json={"report_id": "r"}),
            httpx.Response(200, json={"status": "Error", "error": "There are no polls."}),
            httpx.Response(200, json={"status": "Running"}),
        ]
    )
    with httpx.Client(base_url="http://x", transport=httpx.MockTransport(lambda _: next(answers))) as client:
        with pytest.raises(ReportNotMade, match=r"was refused with 404: There is no store 'x'\."):
            complete_report(client, store_id="x")
        with pytest.raises(ReportNotMade, match=r"report r ended as .*There are no polls\."):
            complete_report(client)
        with pytest.raises(ReportNotMade, match="report r has not ended after 0 seconds"):
            await_report(client, "r", timeout_s=0)


def test_where_there_is_no_chromium_it_is_said_before_playwright_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoBrowser, match=r"none of chromium-headless-shell, chromium, .* is on the PATH"), launched():
        pass

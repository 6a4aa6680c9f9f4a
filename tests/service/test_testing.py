"""What starts a service for tests and demonstrations."""

from pathlib import Path

import pytest

from store_uptime.service.testing import NotServing, serving, started
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

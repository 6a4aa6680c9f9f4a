"""A registry that was backed up with pg_dump, as docs/backup.md says, serves as before."""

import subprocess
from pathlib import Path

import httpx
import pytest

from store_uptime.pipeline.embedded.programs import PROGRAMS, site_packages
from tests.support.feeds import called
from tests.support.postgres import fresh_database, run
from tests.support.running import bearer, complete, finished, new_key, occupied, running, trigger

pytestmark = pytest.mark.long  # a server of its own


@pytest.mark.nightly  # takes a dump and starts servers on both sides of it
def test_what_was_restored_is_served_as_before(client: httpx.Client, polled: str, server: str, tmp_path: Path) -> None:
    """The rehearsal: reports, keys, schedules and the audit are there, and what ran or waited runs again."""
    dump = tmp_path / "registry.dump"
    whole = complete(client, columns="extended")
    figures = client.get(f"/get_report/{whole}").content
    client.post("/schedules", json={"name": "nightly", "cron": "0 3 1 1 *", "zone": "UTC"}).raise_for_status()
    with fresh_database(server) as first, fresh_database(server) as second:
        with occupied(polled, client) as (ran,):
            waited = trigger(client, lookback="17h")
            program("pg_dump", *BACKUP, "--file", dump, polled)
        client.delete("/schedules/nightly").raise_for_status()
        program("pg_restore", *RESTORE, "--dbname", first, dump)
        key = new_key(first, "kept")
        program("pg_dump", *BACKUP, "--file", dump, first)
        program("pg_restore", *RESTORE, "--dbname", second, dump)
        run(second, "update store_uptime.report set lease_until = now() where status = 'running'")  # it is later by now
        with running(polled, "--registry", second) as restored, restored.client() as stranger:
            assert stranger.get(f"/get_report/{whole}").status_code == 401
            with restored.client(headers=bearer(key)) as served:
                assert served.get(f"/get_report/{whole}").content == figures
                assert [schedule["name"] for schedule in served.get("/schedules").json()["schedules"]] == ["nightly"]
                assert {finished(served, report_id)["status"] for report_id in (ran, waited)} == {"Complete"}
        assert whole in called("audit", "--registry", second, "--limit", "1000", cwd=tmp_path).stdout.decode()


BACKUP = ("--schema=store_uptime", "--format=custom")
RESTORE = ("--no-owner", "--exit-on-error")


def program(name: str, *arguments: str | Path) -> None:
    """Run a program of PostgreSQL's, of the server's own version."""
    command = site_packages() / PROGRAMS / "bin" / name
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

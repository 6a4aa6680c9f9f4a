"""The calls of docs/api.md: what the page says that they answer, and what they do over a sample."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from store_uptime.pipeline import load_files, write_sample
from store_uptime.service.testing import await_report, complete_report, serving

ADDRESS = "http://127.0.0.1:8000"  # of the service, on the page
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def calls(page: str) -> list[tuple[str, str]]:
    """The calls of a page, each with the answer that stands below it."""
    parts = [part for block in BLOCK.findall(page) for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    return [(line, answer.strip()) for line, _, answer in (part.partition("\n") for part in parts)]


def answers(lines: list[str], database: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Calls and their answers over a sample of 20 stores; words in capitals stand for ids that are made here.

    database: a URL; empty so far. folder: where the feed, the rejects and the files of deliveries go.
    """
    write_sample(folder / "feed", stores=20, days=9)
    load_files(folder / "feed", database, folder / "rejects")
    options = ("--database", database, "--workers", "1", "--destination", f"archive={folder / 'archive'}")
    with serving(*options) as service, service.client() as client:
        values = {
            ADDRESS: service.url,
            "REPORT_ID": complete_report(client),
            "OF_PERIODS": complete_report(client, period="last-week", by="day", group_by="city"),
            "DOOMED": complete_report(client, lookback="25h"),
            "STORE": client.get("/stores").json()["stores"][0],
        }
        for line in lines:
            if "KEY" in line and "KEY" not in values:
                # Only now: as soon as there is one key, every call must show one, and the first calls show none.
                values["KEY"] = new_key(database)
            call = shlex.split(re.sub("|".join(values), lambda found: values[found[0]], line))
            done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True)
            if "csrf_token" in done.stdout:
                values["TOKEN"] = json.loads(done.stdout)["csrf_token"]
            if "/trigger_report" in line:
                await_report(client, json.loads(done.stdout)["report_id"])  # so that a list of complete ones holds it
            yield line, done.stdout


def new_key(database: str) -> str:
    command = [sys.executable, "-P", "-m", "store_uptime.service", "keys", "add", "ada", "--registry", database]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

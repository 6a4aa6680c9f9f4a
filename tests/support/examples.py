"""The calls of docs/api.md: what the page says that they answer, and what they do over a sample."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from store_uptime.pipeline import write_sample
from tests.support.running import complete, loaded, new_key, running

ADDRESS = "http://127.0.0.1:8000"  # of the service, on the page
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def calls(page: str) -> list[tuple[str, str]]:
    """The calls of a page, each with the answer that stands below it."""
    parts = [part for block in BLOCK.findall(page) for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    return [(line, answer.strip()) for line, _, answer in (part.partition("\n") for part in parts)]


def answers(lines: list[str], database: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Calls and their answers over a sample of 20 stores; words in capitals stand for what a test has made."""
    write_sample(folder / "feed", stores=20, days=9)
    loaded(database, folder / "feed")
    with running(database, "--destination", f"archive={folder / 'archive'}") as server, server.client() as client:
        made = {ADDRESS: server.url, "REPORT_ID": complete(client), "DOOMED": complete(client, lookback="25h")}
        made["STORE"] = client.get("/stores").json()["stores"][0]
        for line in lines:
            if "KEY" in line and "KEY" not in made:
                made["KEY"] = new_key(database, "ada")  # from here on everything asks for one
            call = shlex.split(re.sub("|".join(made), lambda found: made[found[0]], line))
            done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True)
            if "csrf_token" in done.stdout:
                made["TOKEN"] = json.loads(done.stdout)["csrf_token"]
            yield line, done.stdout

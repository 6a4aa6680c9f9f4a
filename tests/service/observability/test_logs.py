"""The log of a server: one line an event, whoever says it."""

import json
import subprocess
import sys
from pathlib import Path

from store_uptime.pipeline import write_sample

RUN = """
import sys
from store_uptime import build_report
from store_uptime.service.observability import logs
logs.configure("json")
build_report(sys.argv[1])
"""


def test_the_log_of_the_pipeline_is_part_of_the_log_of_the_service(tmp_path: Path) -> None:
    write_sample(tmp_path, stores=3, days=2)
    done = subprocess.run([sys.executable, "-c", RUN, tmp_path], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["logger"] for line in lines} == {"store_uptime.pipeline.run"}
    assert {line["level"] for line in lines} == {"info", "warning"}
    assert "computed the report of" in lines[0]["event"]

"""Ctrl-C while DuckDB runs a statement."""

import subprocess
import sys

# The handler of Python's own, since whoever runs tests in the background ignores the signal. DuckDB's own threads end
# the task that they are at first: here it is the whole statement, of some seconds.
RUN = """
import os, signal
from threading import Timer
from store_uptime.pipeline import Limits
from store_uptime.pipeline.uptime.stage import database, execute

signal.signal(signal.SIGINT, signal.default_int_handler)
with database(Limits()) as db:
    try:
        Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        execute(db, "select count(*) from range(1000000000) as numbers(number) where hash(number) % 7 = 3")
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_a_statement_that_ctrl_c_ends_raises_what_ctrl_c_raises() -> None:
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")

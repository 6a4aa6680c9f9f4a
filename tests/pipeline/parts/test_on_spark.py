"""The executor of docs/cluster.md, "On Spark": the text of the page, on a local Spark."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store_uptime import Cluster, Options, build_report, write_sample
from store_uptime.pipeline.parts.tasks import Executor, Task
from tests.support import cluster_tasks

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
SNIPPET, _ = re.findall(r"^```py\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
pyspark: Any = pytest.importorskip(
    "pyspark.sql", reason="there is no Spark: pyspark and pandas have 500 MB, and are in no group of ours"
)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A local Spark of two threads, which starts Python processes for them."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java to run Spark with")
    pytest.importorskip("pandas", reason="there is no pandas, which mapInArrow wants")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.executorEnv.PYTHONPATH": str(ROOT),
    }
    session = pyspark.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def executor(spark: Any) -> Executor:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(SNIPPET, "docs/cluster.md", "exec"), names)
    return names["OnSpark"](spark)


def test_spark_gives_each_result_once(executor: Executor, tmp_path: Path) -> None:
    tasks = [Task(number, (str(tmp_path), number, 0), f"part {number}") for number in range(20)]
    assert sorted(executor.results(cluster_tasks.noted, tasks)) == [(n, str(2 * n).encode()) for n in range(20)]
    assert len(list(tmp_path.iterdir())) == 20


def test_a_report_on_spark_is_that_of_one_process(executor: Executor, tmp_path: Path) -> None:
    write_sample(tmp_path / "feed", 40, 9)
    cluster = Cluster(executor=executor, exchange=str(tmp_path / "exchange"), part_polls=1_000)
    options = Options(now="2026-03-10T12:00:00Z")
    expected = build_report(tmp_path / "feed", options)
    assert build_report(tmp_path / "feed", options, cluster=cluster).json("extended") == expected.json("extended")


def test_each_task_is_one_of_spark(spark: Any, executor: Executor) -> None:
    before = spark.sparkContext.statusTracker().getJobIdsForGroup()
    list(executor.results(cluster_tasks.doubled, [Task(number, (number,), "part") for number in range(7)]))
    tracker = spark.sparkContext.statusTracker()
    stages = [
        stage
        for job in set(tracker.getJobIdsForGroup()) - set(before)
        for stage in tracker.getJobInfo(job).stageIds
        if tracker.getStageInfo(stage)
    ]
    assert max(tracker.getStageInfo(stage).numTasks for stage in stages) == 7


def test_an_error_of_ours_is_in_the_text_of_the_error(executor: Executor) -> None:
    with pytest.raises(Exception, match="no poll in here has the store id 'store 0'"):
        list(executor.results(cluster_tasks.refusing, [Task(0, (0,), "part 0")]))

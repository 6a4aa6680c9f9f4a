"""The recipes of docs/deploy agree with the program and with each other."""

import json
import re
import shlex
from dataclasses import fields
from typing import Any

import pytest
import yaml

from store_uptime.service.app import HANDLERS
from store_uptime.service.cli.main import app
from store_uptime.service.cli.serve import GRACE_S
from store_uptime.service.settings import Settings
from tests.deploy.conftest import RECIPES

KUBERNETES = {part["kind"]: part for part in yaml.safe_load_all((RECIPES / "kubernetes.yaml").read_text("utf-8"))}
DASK = {part["kind"]: part for part in yaml.safe_load_all((RECIPES / "dask-cluster.yaml").read_text("utf-8"))}
DOCKERFILE = (RECIPES / "Dockerfile").read_text("utf-8").replace("\\\n", "")
UNIT = (RECIPES / "store-uptime.service").read_text("utf-8")
STOPPING_S = Settings().grace.total_seconds() + GRACE_S


def pod() -> dict[str, Any]:
    return KUBERNETES["Deployment"]["spec"]["template"]["spec"]


def cluster_pods() -> list[dict[str, Any]]:
    """Those of a scheduler, of a worker, and of a report that they make."""
    spec = DASK["DaskCluster"]["spec"]
    return [spec["scheduler"]["spec"], spec["worker"]["spec"], DASK["Job"]["spec"]["template"]["spec"]]


def container() -> dict[str, Any]:
    return pod()["containers"][0]


def instruction(name: str) -> str:
    """What the last line of the Dockerfile that begins with it says."""
    return re.findall(rf"^ *{name} (.*)$", DOCKERFILE, re.MULTILINE)[-1]


@pytest.mark.parametrize("recipe", sorted(RECIPES.iterdir()), ids=lambda recipe: recipe.name)
def test_they_name_settings_that_there_are(recipe: Any) -> None:
    known = {f"STORE_UPTIME_{field.name.upper()}" for field in fields(Settings)} | {"STORE_UPTIME_DATA_DIR"}
    assert set(re.findall(r"\bSTORE_UPTIME_[A-Z_]+\b", recipe.read_text("utf-8"))) - known == set()


def test_they_give_it_the_time_that_it_needs_to_stop() -> None:
    before = float(container()["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod()["terminationGracePeriodSeconds"] > before + STOPPING_S
    assert float(re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)[0]) > STOPPING_S


def test_probes_lead_somewhere() -> None:
    probes = {container()[name]["httpGet"]["path"] for name in ("readinessProbe", "livenessProbe")}
    assert probes <= {path for handler in HANDLERS for path in handler.paths}


def test_signals_reach_the_server_and_not_a_shell() -> None:
    assert json.loads(instruction("ENTRYPOINT")) == ["store-uptime"]
    assert json.loads(instruction("CMD")) == ["serve"]


def test_the_check_of_the_image_is_a_program() -> None:
    assert "HEALTHCHECK" in DOCKERFILE
    program, flag, code = json.loads(re.findall(r"HEALTHCHECK .*? CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
    assert (program, flag) == ("python3", "-c")
    compile(code, "HEALTHCHECK", "exec")


def test_the_pod_is_of_the_user_of_the_image() -> None:
    user = pod()["securityContext"]
    assert instruction("USER") == f"{user['runAsUser']}:{user['runAsGroup']}"
    added = shlex.split(DOCKERFILE)
    assert added[added.index("--uid") + 1] == str(user["runAsUser"])


def test_no_service_sets_an_option_of_ours() -> None:
    """Kubernetes would set STORE_UPTIME_PORT in the pod, to tcp://…, after a service of this name."""
    assert KUBERNETES["Service"]["metadata"]["name"] == "store-uptime"
    assert pod()["enableServiceLinks"] is False


# A cluster ------------------------------------------------------------------------------------------------------------


def test_the_pods_of_a_cluster_are_of_the_image_and_the_user_of_the_service() -> None:
    for spec in cluster_pods():
        assert [each["image"] for each in spec["containers"]] == [container()["image"]]
        assert spec["enableServiceLinks"] is False
        assert f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}" == instruction("USER")


def test_the_workers_of_a_cluster_are_started_with_options_that_there_are() -> None:
    (worker,) = DASK["DaskCluster"]["spec"]["worker"]["spec"]["containers"]
    words = [re.sub(r"\$\((\w+)\)", r"\1", word) for word in worker["args"]]
    _, bound, _ = app.parse_args(words, exit_on_error=False)
    assert bound.arguments == {"scheduler": "DASK_SCHEDULER_ADDRESS", "name": "DASK_WORKER_NAME"}


def test_a_cluster_lets_in_the_pods_that_make_reports() -> None:
    labels = DASK["Job"]["spec"]["template"]["metadata"]["labels"]
    (rule,) = DASK["NetworkPolicy"]["spec"]["ingress"]
    assert {"podSelector": {"matchLabels": labels}} in rule["from"]
    cluster = DASK["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    assert cluster["dask.org/cluster-name"] == DASK["DaskCluster"]["metadata"]["name"]

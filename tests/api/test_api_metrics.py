"""Metrics keep the names of their documentation, which the dashboard and the alerts use and no others. Prometheus itself reads
all of it where it is installed (`promtool`, `prometheus`)."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from socket import socket
from time import monotonic, sleep

import httpx
import pytest
from fastapi.testclient import TestClient
from full_node import full_node
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from served import served

from gateway.trust.credential import Credential

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
RULES, RULE_TESTS = DEPLOY / "prometheus" / "alerts.yml", DEPLOY / "prometheus" / "alerts_test.yml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "stir-gateway.json").read_text(encoding="utf-8"))

TABLE = re.findall(
    r"^\| (`stirgw_.*?) \| (\w+) \|", (DEPLOY / "metrics.md").read_text(encoding="utf-8"), re.M
)
DOCUMENTED = {name: kind for names, kind in TABLE for name in re.findall(r"`(stirgw_\w+)`", names)}
ALERTS = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))

needs_promtool = pytest.mark.skipif(which("promtool") is None, reason="no promtool")
needs_prometheus = pytest.mark.skipif(which("prometheus") is None, reason="no Prometheus")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, credential: Credential) -> str:
    """What `/metrics` says when there is something to say of everything."""
    with full_node(tmp_path_factory.mktemp("node"), credential) as app:
        return TestClient(app).get("/metrics").text


def families(text: str) -> Iterator[Metric]:
    """The families of our own, without the times at which counters were made."""
    for family in text_string_to_metric_families(text):
        if family.name.startswith("stirgw_") and not family.name.endswith("_created"):
            yield family


def full_name(family: Metric) -> str:
    suffix = "_total" if family.type == "counter" else ""
    return f"{family.name}{suffix}"


def expressions() -> dict[str, str]:
    """Every expression of the dashboard by its panel, with what Grafana puts in the place of its variables."""
    asked = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", ())
    }
    asked |= {each["name"]: each["expr"] for each in DASHBOARD["annotations"]["list"]}
    places = {"$instance": ".*", "$__rate_interval": "5m"}
    return {name: re.sub(r"\$\w+", lambda found: places[found[0]], expr) for name, expr in asked.items()}


def mentioned(text: str) -> set[str]:
    """The metrics that expressions use; the parts of a histogram are the histogram's."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bstirgw_\w+", text)}


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_documented_is_exported_and_the_reverse(told: str) -> None:
    assert {full_name(family): family.type for family in families(told)} == DOCUMENTED


def test_every_family_has_a_sample(told: str) -> None:
    assert [family.name for family in families(told) if not family.samples] == []


def test_the_dashboard_names_no_metric_that_does_not_exist() -> None:
    assert mentioned(" ".join(expressions().values())) <= DOCUMENTED.keys()


def test_the_alerts_name_no_metric_that_does_not_exist() -> None:
    asked = re.findall(r"expr: >-\n(.*?)\n        (?:for|labels):", RULES.read_text(encoding="utf-8"), re.S)
    assert len(asked) == len(ALERTS)
    assert mentioned(" ".join(asked)) <= DOCUMENTED.keys()


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_what_to_do_and_is_tested_both_ways(alert: str) -> None:
    rule = RULES.read_text(encoding="utf-8").partition(f"- alert: {alert}\n")[2].partition("- alert:")[0]
    assert re.search(r"severity: (critical|warning|info)\n", rule)
    assert re.search(r"summary: >-\n +\S", rule) and re.search(r"runbook: >-\n +\S", rule)
    tests = RULE_TESTS.read_text(encoding="utf-8")
    assert f"- name: {alert} goes off\n" in tests
    assert f"- name: {alert} keeps quiet\n" in tests


@needs_promtool
def test_promtool_takes_the_metrics_and_the_alerts(told: str) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=told, capture_output=True, text=True, check=False
    )
    assert not [line for line in done.stderr.splitlines() if "error" in line.lower()], done.stderr
    run("promtool", "check", "rules", RULES)


@needs_promtool
def test_every_alert_goes_off_when_it_should_and_not_else() -> None:
    run("promtool", "test", "rules", RULE_TESTS)


@needs_promtool
def test_an_alert_that_does_not_go_off_is_found_out(tmp_path: Path) -> None:
    broken = RULES.read_text(encoding="utf-8").replace("stirgw_certificate_usable == 0", "stirgw_ready == 5")
    (tmp_path / "alerts.yml").write_text(broken, encoding="utf-8")
    (tmp_path / "tests.yml").write_text(RULE_TESTS.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(AssertionError, match="StirgwSigningOff"):
        run("promtool", "test", "rules", tmp_path / "tests.yml")


@needs_prometheus
def test_prometheus_scrapes_a_node_and_answers_the_dashboard(tmp_path: Path, credential: Credential) -> None:
    with full_node(tmp_path / "node", credential) as app, served(app) as door:
        address = door.removeprefix("http://")
        settings = tmp_path / "prometheus.yml"
        settings.write_text(
            "global: {scrape_interval: 1s}\n"
            f"rule_files: [{RULES}]\n"
            f"scrape_configs: [{{job_name: stirgw, static_configs: [{{targets: ['{address}']}}]}}]\n",
            encoding="utf-8",
        )
        with prometheus(settings, tmp_path / "data") as asked:
            until_scraped(asked)
            for name, expression in expressions().items():
                answer = asked.get("/api/v1/query", params={"query": expression}).json()
                assert answer["status"] == "success", f"{name}: {answer}"
            seen = asked.get("/api/v1/label/__name__/values").json()["data"]
            assert mentioned(" ".join(expressions().values())) <= mentioned(" ".join(seen))
            rules = asked.get("/api/v1/rules").json()["data"]["groups"]
            assert sum(len(group["rules"]) for group in rules) == len(ALERTS)


@contextmanager
def prometheus(settings: Path, data: Path) -> Iterator[httpx.Client]:
    """A client of a Prometheus on loopback with these settings."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    places = [f"--config.file={settings}", f"--storage.tsdb.path={data}", f"--web.listen-address={address}"]
    with subprocess.Popen(["prometheus", *places], stderr=subprocess.DEVNULL) as process:
        try:
            with httpx.Client(base_url=f"http://{address}", timeout=10) as asked:
                yield asked
        finally:
            process.terminate()


def until_scraped(asked: httpx.Client) -> None:
    deadline = monotonic() + 60
    while not is_scraped(asked):
        assert monotonic() < deadline, "Prometheus does not scrape"
        sleep(0.1)


def is_scraped(asked: httpx.Client) -> bool:
    try:
        answer = asked.get("/api/v1/query", params={"query": 'up{job="stirgw"} == 1'})
    except httpx.TransportError:
        return False  # it is starting
    return answer.status_code == 200 and bool(answer.json()["data"]["result"])

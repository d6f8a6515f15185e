"""compose.yaml names only what is there, publishes to this machine alone, and pins what it pulls."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.laptop import places
from serving.feedback_keys import parse
from tests.monitoring.promtool import run
from tests.servers import ROOT

FOLDER = ROOT / "monitoring"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KNOWN = {
    *("image", "command", "entrypoint", "environment", "ports", "volumes", "tmpfs", "healthcheck"),
    *("depends_on", "network_mode", "restart", "read_only", "cap_drop", "security_opt", "stop_grace_period"),
}

each = pytest.mark.parametrize("name", SERVICES)


@each
def test_a_service_has_settings_that_compose_knows(name: str) -> None:
    assert SERVICES[name].keys() <= KNOWN


@each
def test_a_service_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@each
def test_ports_are_published_to_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each
def test_images_are_pinned_to_a_version(name: str) -> None:
    image = SERVICES[name]["image"]
    _, _, tag = image.rpartition(":")
    assert image == "${ECLUSE_IMAGE:-ecluse/serving:demo}" or tag.lstrip("v").count(".") == 2


@each
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (FOLDER / source).exists()
            assert volume.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_no_text_is_written_into_what_is_read_only() -> None:
    """Compose refuses: "`file` is the sole supported option"."""
    assert not {"configs", "secrets"} & COMPOSE.keys()


def test_the_key_of_late_labels_is_one_that_the_server_takes() -> None:
    file = SERVICES["server"]["environment"]["FEEDBACK_KEYS_FILE"]
    mounts = {target: source for source, target, _ in (each.split(":") for each in SERVICES["server"]["volumes"])}
    assert len(parse((FOLDER / mounts[file]).read_text()).keys) == 1


def test_the_source_of_data_is_the_prometheus_of_compose() -> None:
    (source,) = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/ecluse.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["prometheusVersion"] in SERVICES["prometheus"]["image"]


def test_grafana_finds_the_dashboards_where_they_are_mounted() -> None:
    (provider,) = yaml.safe_load((FOLDER / "grafana/provisioning/dashboards/ecluse.yaml").read_text())["providers"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    path = provider["options"]["path"]
    assert mounts["./generated/dashboards"] == path
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == path
    assert (FOLDER / "generated/dashboards" / home.name).is_file()


def test_both_configurations_of_prometheus_say_the_same_but_for_addresses() -> None:
    laptop, compose = (
        yaml.safe_load((FOLDER / file).read_text()) for file in ("prometheus.yml", "compose/prometheus.yml")
    )
    assert laptop["global"] == compose["global"]
    assert [job["job_name"] for job in laptop["scrape_configs"]] == [
        job["job_name"] for job in compose["scrape_configs"]
    ]


def test_alerts_arrive_where_they_are_shown() -> None:
    routes = yaml.safe_load((places.MONITORING / "alertmanager.yml").read_text())
    urls = [webhook["url"] for receiver in routes["receivers"] for webhook in receiver["webhook_configs"]]
    assert all(url.startswith("http://127.0.0.1:9095/") for url in urls)
    assert SERVICES["notices"]["network_mode"] == "service:alertmanager"
    assert SERVICES["notices"]["command"] == ["--port", "9095"]


def test_the_trial_needs_compose_and_says_so(tmp_path: Path) -> None:
    stub = tmp_path / "docker"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    outcome = run(["env", f"PATH={tmp_path}:/usr/bin:/bin", "sh", str(FOLDER / "compose/try.sh")])
    assert outcome.status == 2
    assert "this docker has no compose" in outcome.written

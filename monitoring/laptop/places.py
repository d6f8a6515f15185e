"""The programs, ports and files that a laptop's monitoring needs, and one sentence where one is missing."""

import errno
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

MONITORING = Path(__file__).parent.parent
HOST = "127.0.0.1"
LAST_PORT = 65535


class Missing(Exception):
    """Something is not there; says what, and how to get it."""


def program(names: Sequence[str]) -> str:
    """The first of these commands that is installed."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    raise Missing(
        f"{names[-1]} is not installed; on Debian and Ubuntu: apt-get install prometheus prometheus-alertmanager"
    )


def check_ports(ports: Mapping[str, int]) -> None:
    """Raise where a port is none, is given twice, or is taken; the names are those of the settings."""
    for name, port in ports.items():
        if not 1 <= port <= LAST_PORT:
            raise Missing(f"{name} is {port}, expected a port from 1 to {LAST_PORT}")
        twins = [other for other in ports if ports[other] == port]
        if len(twins) > 1:
            raise Missing(f"{' and '.join(twins)} are both {port}; each needs a port of its own")
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
            except OSError as fault:
                what = "is taken by another program" if fault.errno == errno.EADDRINUSE else str(fault)
                raise Missing(f"port {port} {what}; give another: make monitor {name}={_another(port)}") from fault


def _another(port: int) -> int:
    return port + 1000 if port + 1000 <= LAST_PORT else port - 1000


def write_keys(file: Path) -> Path:
    """A key that signs the ids of predictions, so that labels are taken; one of before is kept."""
    if not file.is_file():
        file.touch(mode=0o600)
        file.write_text(f"laptop:{secrets.token_urlsafe(32)}\n")
    return file


def write_prometheus(
    file: Path, rules: Path, *, http_port: int, alertmanager_port: int, scrape_seconds: int | None
) -> Path:
    """monitoring/prometheus.yml with these ports."""
    config: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    config["rule_files"] = [str(rules.resolve() / "*.yaml")]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"{HOST}:{http_port}"]
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"{HOST}:{alertmanager_port}"]
    if scrape_seconds is not None:
        config["global"] = {"scrape_interval": f"{scrape_seconds}s", "evaluation_interval": f"{scrape_seconds}s"}
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return file


def write_alertmanager(file: Path, notices_port: int, *, hurried: bool) -> Path:
    """monitoring/alertmanager.yml with this port; hurried, it waits for nobody before it speaks."""
    config: dict[str, Any] = yaml.safe_load((MONITORING / "alertmanager.yml").read_text())
    for receiver in config["receivers"]:
        for webhook in receiver["webhook_configs"]:
            webhook["url"] = f"http://{HOST}:{notices_port}/{receiver['name']}"
    if hurried:
        _hurry(config["route"])
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return file


def _hurry(route: dict[str, Any]) -> None:
    route["group_wait"], route["group_interval"] = "1s", "5s"
    for below in route.get("routes", []):
        _hurry(below)

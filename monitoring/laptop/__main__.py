"""`make monitor`: a server, Prometheus, Alertmanager, callers and dashboards as pictures, until Ctrl-C.

Everything listens on this machine alone, and writes below build/. Exit status
0 when it was told to end, 1 when something ended by itself, 2 when something
is missing.
"""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from argparse import ArgumentParser, Namespace
from pathlib import Path

from monitoring.laptop import places
from monitoring.laptop.pictures import Pictures
from monitoring.laptop.processes import Ended, Processes, Started
from monitoring.laptop.questions import Incident

READY_SECONDS = 120.0
LOOK_SECONDS = 0.5
GENERATED = places.MONITORING / "generated"
HURRIED_SCRAPE_SECONDS = 2
LONGEST_SHOWN = 6 * 3600.0


def parse_options() -> Namespace:
    parser = ArgumentParser(prog="python -m monitoring.laptop", description="Monitoring on this machine, until Ctrl-C.")
    parser.add_argument("--model_name", default="mnist")
    parser.add_argument("--model_dir", type=Path, default=Path("models/mnist"))
    parser.add_argument("--http_port", type=int, default=8080)
    parser.add_argument("--grpc_port", type=int, default=8081)
    parser.add_argument("--prometheus_port", type=int, default=9090)
    parser.add_argument("--alertmanager_port", type=int, default=9093)
    parser.add_argument("--notices_port", type=int, default=9095, help="where Alertmanager tells its alerts")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--incident", type=Incident, choices=list(Incident), help="what goes wrong")
    parser.add_argument("--after", type=float, default=120.0, help="seconds until it does")
    parser.add_argument(
        "--faster", type=int, default=1, metavar="TIMES", help="windows and waits of rules divided by it"
    )
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two drawings")
    parser.add_argument("--folder", type=Path, default=Path("build/monitor"), help="logs, data and configuration")
    parser.add_argument("--pictures", type=Path, default=Path("build/dashboards"))
    options = parser.parse_args()
    for name in ("rate", "faster", "every"):
        if not getattr(options, name) > 0:
            parser.error(f"--{name} is {getattr(options, name)}, expected more than 0")
    return options


def main() -> int:
    options = parse_options()
    told = threading.Event()
    # Asked for by name: a shell that starts this in the background has Ctrl-C ignored otherwise.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: told.set())
    try:
        prometheus = places.program(["prometheus"])
        alertmanager = places.program(["alertmanager", "prometheus-alertmanager"])
        places.check_ports(
            {
                name: getattr(options, name.lower())
                for name in ("HTTP_PORT", "GRPC_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT", "NOTICES_PORT")
            }
        )
        if not options.model_dir.is_dir():
            raise places.Missing(f"{options.model_dir} is no folder; `make model` trains the reference model")
        with Processes(options.folder) as processes:
            run(options, processes, prometheus, alertmanager, told)
    except places.Missing as fault:
        print(f"monitor: {fault}", file=sys.stderr)
        return 2
    except OSError as fault:
        print(f"monitor: {fault.filename or options.folder} cannot be used: {fault.strerror or fault}", file=sys.stderr)
        return 2
    except Ended as fault:
        print(f"monitor: {fault}", file=sys.stderr)
        return 1
    print("monitor: everything has ended")
    return 0


def run(options: Namespace, processes: Processes, prometheus: str, alertmanager: str, told: threading.Event) -> None:
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    began = time.time()
    print("monitor: starting the server ...", flush=True)
    server = start_server(options, processes)
    if not wait_until_ready(options, server, processes, told):
        return
    rules = GENERATED / "rules"
    if options.faster > 1:
        rules = hurried_rules(options)
    start_stack(options, processes, prometheus, alertmanager, rules)
    module = [sys.executable, "-m", "monitoring.laptop.notices", "--port", str(options.notices_port)]
    processes.start("notices", module, shown=True)
    processes.start("traffic", traffic(options), shown=True)
    url = f"http://{places.HOST}:{options.prometheus_port}"
    dashboards = sorted((GENERATED / "dashboards").glob("*.json"))
    pictures = Pictures(dashboards, options.pictures, url, options.every)
    print(invitation(options), flush=True)
    try:
        while not told.wait(LOOK_SECONDS):
            processes.check()
            pictures.draw_when_due(max(began, time.time() - LONGEST_SHOWN))
    finally:
        pictures.end()


def start_server(options: Namespace, processes: Processes) -> Started:
    keys = places.write_keys(options.folder / "keys")
    command = [
        *(sys.executable, "-m", "serving", "--bind_address", places.HOST),
        *("--model_name", options.model_name, "--model_dir", str(options.model_dir)),
        *("--http_port", str(options.http_port), "--grpc_port", str(options.grpc_port)),
        *("--feedback_keys_file", str(keys), "--drain_lame_duck_seconds", "0"),
    ]
    return processes.start("the server", command)


def wait_until_ready(options: Namespace, server: Started, processes: Processes, told: threading.Event) -> bool:
    """Wait for the server to be ready; false where it was told to end before."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://{places.HOST}:{options.http_port}/v2/models/{options.model_name}/ready"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        processes.check()
        try:
            with opener.open(url, timeout=5):
                return True
        except OSError:
            if told.wait(LOOK_SECONDS):
                return False
    raise Ended(f"the server was not ready within {READY_SECONDS:.0f} s; its log is {server.log}")


def hurried_rules(options: Namespace) -> Path:
    """The same rules at many times their pace, so that an alert comes in a minute and not in an hour."""
    made: Path = options.folder / "generated"
    command = [sys.executable, "-m", "monitoring.generate", "--faster", str(options.faster), "--output", str(made)]
    if subprocess.call(command):
        raise Ended("the hurried rules could not be made")
    return made / "rules"


def traffic(options: Namespace) -> list[str]:
    """The command of the callers."""
    command = [
        *(sys.executable, "-m", "monitoring.laptop.traffic", "--model_name", options.model_name),
        *("--url", f"http://{places.HOST}:{options.http_port}", "--rate", str(options.rate)),
    ]
    if options.incident:
        command += ["--incident", options.incident, "--after", str(options.after)]
    return command


def start_stack(options: Namespace, processes: Processes, prometheus: str, alertmanager: str, rules: Path) -> None:
    folder: Path = options.folder
    hurried = options.faster > 1
    config = places.write_prometheus(
        folder / "prometheus.yml",
        rules,
        http_port=options.http_port,
        alertmanager_port=options.alertmanager_port,
        scrape_seconds=HURRIED_SCRAPE_SECONDS if hurried else None,
    )
    processes.start(
        "Prometheus",
        [
            *(prometheus, f"--config.file={config}", f"--storage.tsdb.path={folder / 'prometheus'}"),
            f"--web.listen-address={places.HOST}:{options.prometheus_port}",
        ],
    )
    routes = places.write_alertmanager(folder / "alertmanager.yml", options.notices_port, hurried=hurried)
    processes.start(
        "Alertmanager",
        [
            *(alertmanager, f"--config.file={routes}", f"--storage.path={folder / 'alertmanager'}"),
            *(f"--web.listen-address={places.HOST}:{options.alertmanager_port}", "--cluster.listen-address="),
        ],
    )


def invitation(options: Namespace) -> str:
    page = (options.pictures / "index.html").resolve().as_uri()
    amiss = f", then {options.incident} after {options.after:.0f} s" if options.incident else ""
    return f"""
Everything runs. Open

  Prometheus     http://{places.HOST}:{options.prometheus_port}/alerts
  Alertmanager   http://{places.HOST}:{options.alertmanager_port}
  dashboards     {page}
                 drawn every {options.every:.0f} s; the first are there in half a minute, the JSON is for a Grafana
  the server     http://{places.HOST}:{options.http_port}/metrics

Callers ask {options.rate:g} times a second{amiss}. Logs are in {options.folder}. Ctrl-C ends it all.
"""


if __name__ == "__main__":
    sys.exit(main())

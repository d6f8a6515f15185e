"""Roll out a good version and seven bad ones under load, and disturb rollouts in every way there is.

`python -m tests.cluster.rollout` puts two releases of the chart behind a route of
the cluster that KUBECONFIG names, keeps constant arrivals coming by REST and gRPC,
and plays one case after the other. Exit status 0 only where each ended as it must.
Writes summaries, reports and a picture to a folder; `--docs` also writes the tables
of docs/rollouts.md.
"""

import argparse
import sys
from pathlib import Path

from tests.cluster.api import Api, NoCluster
from tests.cluster.gateways import address_of, open_gateway
from tests.cluster.namespaces import Namespaces
from tests.cluster.prometheus import Prometheus, home
from tests.cluster.rollout import pages
from tests.cluster.rollout.cases import BY_NAME_OF_CASE, CASES, QUICK
from tests.cluster.rollout.expected import objections
from tests.cluster.rollout.play import play
from tests.cluster.rollout.stage import stage

PROMETHEUS = "http://127.0.0.1:30090"


def main() -> None:
    asked = options()
    if asked.docs_only:
        pages.write(asked.out)
        return
    try:
        api = Api()
    except NoCluster as missing:
        sys.exit(str(missing))
    gateway, monitoring = open_gateway(api), home(api, "Prometheus")
    if gateway is None or monitoring is None:
        sys.exit("no gateway or no Prometheus on the cluster: neither can be done without")
    failed = False
    cases = [BY_NAME_OF_CASE[name] for name in asked.cases]
    prometheus = Prometheus(api, monitoring)
    with Namespaces(api).new("rollout") as namespace:
        versions = list(dict.fromkeys(case.version.name for case in cases))
        with stage(namespace, gateway, address_of(gateway), versions) as made:
            for case in cases:
                played = play(made, case, prometheus, asked.prometheus, asked.rate, asked.out / case.name)
                wrong = objections(played)
                failed = failed or bool(wrong)
                say(f"{case.name}: exit {played.exit} after {played.seconds:.0f} s: {played.sentence}")
                for each in wrong:
                    say(f"  NOT AS IT SHOULD BE: {each}")
    pages.write(asked.out) if asked.docs else None
    sys.exit(1 if failed else 0)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.rollout",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [case.name for case in CASES]
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"in this order; all are {' '.join(names)}")
    parser.add_argument("--quick", action="store_true", help=f"only {' '.join(QUICK)}")
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second, of all kinds together")
    parser.add_argument("--prometheus", default=PROMETHEUS, metavar="URL")
    parser.add_argument("--docs", action="store_true", help="write the tables and the picture of docs/rollouts.md")
    parser.add_argument("--docs-only", action="store_true", help="from what lies in the folder")
    parser.add_argument("--out", type=Path, default=Path("build", "rollout-proof"), metavar="FOLDER")
    asked = parser.parse_args()
    asked.cases = asked.cases or list(QUICK if asked.quick else names)
    unknown = [name for name in asked.cases if name not in names]
    if unknown:
        parser.error(f"no case is called {unknown[0]!r}, expected some of {' '.join(names)}")
    return asked


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - somebody waits for minutes


if __name__ == "__main__":
    main()

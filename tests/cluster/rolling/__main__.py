"""Change a service in every way there is, under load, and count what is lost.

`python -m tests.cluster.rolling --mode plain` installs the chart on the cluster
that KUBECONFIG names, keeps constant arrivals coming by REST and gRPC, lets one
fault follow the other, and writes a summary, a picture of the timeline and the
load test's reports to a folder. Exit status 0 only where nothing was lost and the run proves
it. `--without-drain` is the same with the drain switched off, and shows what is
lost then.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import images
from tests.cluster.api import Api, NoCluster
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.releases import MODES
from tests.cluster.rolling import report
from tests.cluster.rolling.faults import BY_NAME, FAULTS
from tests.cluster.rolling.run import Plan, run


def main() -> None:
    asked = options()
    plan = Plan(
        mode=asked.mode,
        image=asked.image,
        other_image=asked.other_image,
        faults=[BY_NAME[name] for name in asked.faults],
        replicas=asked.replicas,
        rate=asked.rate,
        least_requests=asked.requests,
        has_drain=not asked.without_drain,
        values=asked.values,
    )
    try:
        api = Api()
    except NoCluster as missing:
        sys.exit(str(missing))
    if asked.namespace:
        seen = run(plan, Namespace(api, asked.namespace), asked.out)
    else:
        with Namespaces(api).new("rolling") as namespace:
            seen = run(plan, namespace, asked.out)
    verdict = report.write(seen, asked.out)
    print(report.describe(seen, verdict))  # noqa: T201
    print(f"{asked.out}: summary.txt, summary.json, timeline.png, and load/ with the reports of the load test")  # noqa: T201
    sys.exit(0 if verdict.is_proof else 1)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.rolling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ",".join(fault.name for fault in FAULTS)
    parser.add_argument("--mode", choices=MODES, default="plain")
    parser.add_argument("--namespace", help="an existing one to work in; a new one is made and deleted otherwise")
    parser.add_argument("--image", default=images.named("ECLUSE_IMAGE"), help="must hold the reference model")
    parser.add_argument("--other-image", default=images.named("ECLUSE_IMAGE_2"), help="takes the first one's place")
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second, of all kinds together")
    parser.add_argument("--requests", type=int, default=25_000, help="go on calmly until there were so many")
    parser.add_argument("--faults", type=_faults, default=list(BY_NAME), help=f"in this order; all are {names}")
    parser.add_argument("--without-drain", action="store_true", help="switch the drain off, to see what it is for")
    parser.add_argument("--values", type=_values, default={}, metavar="YAML", help="of the chart, on top of all others")
    parser.add_argument("--out", type=Path, default=Path("build", "rolling"), metavar="FOLDER")
    return parser.parse_args()


def _values(text: str) -> dict[str, Any]:
    values = yaml.safe_load(text)
    if not isinstance(values, dict):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no mapping, expected something like {{drain: {{preStopSeconds: 0}}}}"
        )
    return values


def _faults(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise argparse.ArgumentTypeError(f"no fault is called {unknown[0]!r}, expected some of {','.join(BY_NAME)}")
    return names


if __name__ == "__main__":
    main()

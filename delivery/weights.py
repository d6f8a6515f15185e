"""Give one Service all that a route shares: from `kubectl get -o json` to `kubectl replace -f -`.

The way back after a promotion, when there is no time for another judged rollout. The object keeps its resourceVersion,
so that who has written in between is not overruled. `--whose` prints who has the traffic instead.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any


class NotShared(Exception):
    """The route does not share between these Services; the message says what it does."""


def shares(route: dict[str, Any]) -> dict[str, int]:
    """Give each Service's weight. Raises NotShared where the rules do not agree."""
    name = route["metadata"]["name"]
    found = [
        {backend["name"]: backend.get("weight", 1) for backend in rule.get("backendRefs", ())}
        for rule in route["spec"].get("rules", ())
    ]
    if not found or any(one != found[0] for one in found):
        raise NotShared(f"the rules of route {name} do not share alike, expected the same two Services in each")
    return found[0]


def whose(route: dict[str, Any]) -> tuple[str, str]:
    """Give the Service that has all the traffic, and the other one. Raises NotShared."""
    weights = shares(route)
    having = [name for name, weight in weights.items() if weight]
    if len(weights) != 2 or len(having) != 1:
        said = ", ".join(f"{name} {weight}" for name, weight in weights.items())
        raise NotShared(
            f"route {route['metadata']['name']} shares by {said or 'nothing'}, expected two Services of which one has "
            "all; a rollout that is not finished goes on, or is taken back by --abort"
        )
    return having[0], next(name for name in weights if name != having[0])


def give(route: dict[str, Any], service: str) -> dict[str, Any]:
    """Give the route with all weight on this Service. Raises NotShared where it is not one of them."""
    if service not in shares(route):
        raise NotShared(f"route {route['metadata']['name']} knows no Service {service}")
    for rule in route["spec"]["rules"]:
        for backend in rule["backendRefs"]:
            backend["weight"] = 100 if backend["name"] == service else 0
    return route


def main(arguments: Sequence[str]) -> int:
    """Read a route, print another or its owner, and give the exit status."""
    parser = ArgumentParser(prog="delivery.weights")
    parser.add_argument("service", nargs="?", help="who gets everything")
    parser.add_argument("--whose", action="store_true", help="print who has everything, and the other")
    given = parser.parse_args(arguments)
    try:
        route = json.load(sys.stdin)
        said = " ".join(whose(route)) if given.whose else json.dumps(give(route, given.service))
    except (NotShared, ValueError, KeyError) as error:
        sys.stderr.write(f"weights: {error if isinstance(error, NotShared) else 'this is no route in JSON'}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Who has a route's traffic, and the patch that gives it all to one: what `deploy.sh` and `rollback.sh` ask of a route.

    kubectl get httproute mnist -o json | python -m delivery.way_back --whose
    kubectl get httproute mnist -o json | python -m delivery.way_back blue-ecluse green-ecluse

The way back after a promotion, when there is no time for another judged rollout. The patch is what a rollout would
write, and bears the resourceVersion it goes by, so that who has written in between is not overruled. Asks nobody.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from k8s.json_object import Json
from k8s.rollout.backends.route import Pair, called, rules, shared, with_share


class NotShared(Exception):
    """The route does not share between two Services; the message says what it does."""


def whose(route: Json) -> tuple[str, str]:
    """Give the Service that has all the traffic, and the other one. Raises NotShared."""
    weights = [rule.weights for rule in rules(route)]
    having = {name for one in weights for name, weight in one.items() if weight}
    others = {name for one in weights for name in one} - having
    if len(having) != 1 or len(others) != 1:
        said = ", ".join(f"{name} {weight}" for one in weights[:1] for name, weight in one.items())
        raise NotShared(
            f"{called(route)} shares by {said or 'nothing'}, expected two Services of which one has all; a rollout "
            "that is not finished goes on by its own command, or is taken back by --abort"
        )
    return having.pop(), others.pop()


def patch(route: Json, keeps: str, loses: str) -> dict[str, Any]:
    """Give the merge patch after which one Service has what both had; empty where it has. Raises NotShared."""
    pair = Pair(stable=keeps, canary=loses)
    found = shared(route, pair)
    if not found or any(keeps not in rule.weights for rule in found):
        raise NotShared(f"{called(route)} does not lead to service/{keeps}, so its traffic cannot be given back")
    changed = with_share(route, pair, 0.0)
    if not changed:
        return {}
    metadata = {"resourceVersion": route["metadata"]["resourceVersion"], **changed["metadata"]}
    return {"metadata": metadata, "spec": changed["spec"]}


def main(arguments: Sequence[str]) -> int:
    """Read a route, print its owner or a patch, and give the exit status."""
    parser = ArgumentParser(prog="delivery.way_back")
    parser.add_argument("services", nargs="*", help="who keeps the traffic, and who loses it")
    parser.add_argument("--whose", action="store_true", help="print who has everything, and the other")
    given = parser.parse_args(arguments)
    if len(given.services) != (0 if given.whose else 2):
        parser.error("expected --whose, or the Service that keeps the traffic and the one that loses it")
    try:
        route = json.load(sys.stdin)
        if given.whose:
            said = " ".join(whose(route))
        else:
            changed = patch(route, *given.services)
            said = json.dumps(changed) if changed else ""
    except NotShared as error:
        sys.stderr.write(f"way back: {error}\n")
        return 1
    except (AttributeError, KeyError, TypeError, ValueError):
        sys.stderr.write("way back: this is no route in JSON\n")
        return 1
    sys.stdout.write(f"{said}\n" if said else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

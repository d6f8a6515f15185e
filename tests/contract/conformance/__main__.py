"""Ask a running server, ours or another, each fact of the protocol."""

import argparse
import sys
from http.client import HTTPException

from tests.contract.conformance.fact import Fact
from tests.contract.conformance.judge import deviations
from tests.contract.conformance.table import FACTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.conformance", description=__doc__)
    parser.add_argument("--http", required=True, metavar="HOST:PORT")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="without it only REST is asked")
    options = parser.parse_args()
    asked = [fact for fact in FACTS if options.grpc or hasattr(fact.ask, "path")]
    broken = 0
    for fact in asked:
        told = _deviations(fact, options.http, options.grpc)
        broken += bool(told)
        print(f"{'deviates' if told else 'ok':8}  {fact}", *told, sep="\n          ")
    print(f"{len(asked) - broken} of {len(asked)} facts are kept")
    return 1 if broken else 0


def _deviations(fact: Fact, http_address: str, grpc_address: str | None) -> list[str]:
    try:
        return deviations(fact, http_address, grpc_address)
    # What another server sends may be no answer at all, or none that can be read.
    except (OSError, HTTPException, ValueError, AttributeError) as error:
        return [f"no answer that can be read: {error!r}"]


if __name__ == "__main__":
    sys.exit(main())

"""Tell how a deployment ended: `python3 -m delivery.notify --outcome failure "production: 1.2.3 was taken back"`.

One POST to WEBHOOK_URL, with `text` for those who show a line (Slack, Mattermost, Teams, Discord's /slack) and the rest
for those who decide. Tried again while the other side is away. The address is a secret and is never told.
"""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from os import environ
from urllib.parse import urlsplit

PAUSES_SECONDS = (1.0, 3.0, 9.0)
"""Before each further try."""
TIMEOUT_SECONDS = 10.0


class NotTold(Exception):
    """Nobody was told; the message says why."""


def message(outcome: str, text: str, *, environment: str, commit: str, run: str) -> bytes:
    """Give the body of the POST."""
    words = f"{outcome}: {text}" + (f" ({run})" if run else "")
    return json.dumps(
        {
            "text": words,
            "outcome": outcome,
            "environment": environment,
            "commit": commit,
            "run": run,
        },
        ensure_ascii=False,
    ).encode()


def send(address: str, body: bytes, sleep: Callable[[float], None] = time.sleep) -> None:
    """POST it, again where that may help. Raises NotTold."""
    if not _is_address(address):
        raise NotTold("WEBHOOK_URL is no address that begins with http:// or https://")
    for pause in (*PAUSES_SECONDS, None):
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 its scheme is known
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 its scheme is known
                return
        except urllib.error.HTTPError as error:
            error.close()
            why, helps = f"answered {error.code}", error.code >= 500 or error.code == 429
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            why, helps = f"gave no answer: {getattr(error, 'reason', error)}", True
        if pause is None or not helps:
            raise NotTold(f"the webhook at {urlsplit(address).hostname} {why}")
        sleep(pause)


def _is_address(words: str) -> bool:
    # What http.client refuses it repeats, secret and all.
    if not words.isascii() or not words.isprintable() or " " in words:
        return False
    try:
        parts = urlsplit(words)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def main(arguments: Sequence[str], sleep: Callable[[float], None] = time.sleep) -> int:
    """Tell it, and give the exit status: 1 where nobody was told."""
    parser = ArgumentParser(prog="delivery.notify")
    parser.add_argument("--outcome", choices=["success", "failure"], required=True)
    parser.add_argument("--environment", default="")
    parser.add_argument("--commit", default="")
    parser.add_argument("--run", default="", help="where it can be read")
    parser.add_argument("text")
    given = parser.parse_args(arguments)
    address = environ.get("WEBHOOK_URL", "").strip()
    if not address:
        sys.stdout.write("notify: WEBHOOK_URL is not set, so nobody is told\n")
        return 0
    body = message(given.outcome, given.text, environment=given.environment, commit=given.commit, run=given.run)
    try:
        send(address, body, sleep)
    except NotTold as error:
        sys.stderr.write(f"notify: {error}\n")
        return 1
    sys.stdout.write(f"notify: told {urlsplit(address).hostname} of {given.outcome}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

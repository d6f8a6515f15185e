"""Locust's side of a worker: one user, whose only task is to send its share of the load until it is over.

Locust places the users, one on each worker, and ends them; what a user does is
the generator's. Locust's own statistics are left empty, since they cost what
the generator could use and round what we keep.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from locust import User, task
from locust.env import Environment
from locust.exception import StopUser


def environment(run: Callable[[], None], trouble: Callable[[str], None]) -> Environment:
    """Make Locust's world for a worker or for a master, whose user is never run."""
    # What Locust warns of, a busy processor, is measured and judged here.
    logging.basicConfig(level=logging.ERROR, format="locust: %(message)s")

    class LoadUser(User):  # type: ignore[misc]  # it ships no types that hold
        @task  # type: ignore[untyped-decorator]
        def load(self) -> None:
            try:
                run()
            except Exception as fault:  # noqa: BLE001  else Locust would begin the task again, as if nothing were missing
                trouble(f"the spawner was lost to {type(fault).__name__}: {fault}")
            raise StopUser

    return Environment(user_classes=[LoadUser])


Hear = Callable[[str, Mapping[str, Any]], None]
"""Of whom, and what was said."""


def listen(runner: Any, words: Mapping[str, Hear]) -> None:
    """Have each of our own words heard, beside Locust's."""

    def listener(hear: Hear) -> Callable[..., None]:
        return lambda msg, **_: hear(msg.node_id, msg.data)

    for word, hear in words.items():
        runner.register_message(word, listener(hear))

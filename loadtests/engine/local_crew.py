"""The crew of one that lives in this process: Locust's LocalRunner, and a generator that is called directly."""

from collections.abc import Sequence

from loadtests.engine.crew import Taken
from loadtests.engine.generator import Generator
from loadtests.engine.load_user import environment
from loadtests.profile.segment import Segment


class LocalCrew:
    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._troubles: list[str] = []
        self._runner = environment(generator.run, self._lose).create_local_runner()
        self._is_lost = False
        self._runner.start(1, spawn_rate=1)

    @property
    def workers(self) -> int:
        return 1

    @property
    def settled(self) -> int:
        return self._generator.settled

    @property
    def in_flight(self) -> int:
        return self._generator.in_flight

    @property
    def is_done(self) -> bool:
        return self._generator.is_done

    @property
    def is_lost(self) -> bool:
        return self._is_lost

    def announce(self, segments: Sequence[Segment]) -> None:
        self._generator.announce(segments)

    def begin(self, zero: float) -> None:
        self._generator.begin(zero)

    def finish(self) -> None:
        self._generator.finish()

    def stop(self) -> None:
        self._generator.stop()

    def take(self) -> Taken:
        timeline, meters, troubles = self._generator.take()
        own, self._troubles = self._troubles, []
        return Taken(timeline, meters, own + troubles)

    def close(self) -> None:
        self._runner.quit()

    def _lose(self, trouble: str) -> None:
        self._troubles.append(trouble)
        self._is_lost = True
